// Runs as it is: lrun --runtime nodejs examples/node, or zipped. The handler is Lambda's default.
export const handler = async (event, context) => {
  console.log("got", event, context.getRemainingTimeInMillis() > 0);
  return { hello: event.name ?? "Node.js", request: context.awsRequestId };
};
