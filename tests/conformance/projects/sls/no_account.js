// Preloaded, so that a service with layers can be packaged without an account: every question to AWS gets the answer that CloudFormation
// gives before a first deployment, which is that there is no such stack.
const Module = require('module')

const load = Module._load
const noStack = async () => {
  throw Object.assign(new Error('Stack with id shop-dev does not exist'), { providerError: {} })
}
Module._load = function (name, ...rest) {
  const real = load.call(this, name, ...rest)
  return /aws\/request$|aws\/request\.js$/.test(name) ? noStack : real
}
