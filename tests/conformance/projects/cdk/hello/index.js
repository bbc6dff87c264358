exports.handler = async () => require('words')
