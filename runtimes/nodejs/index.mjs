// SPDX-License-Identifier: Apache-2.0
// Hands over to the runtime interface client: aws-lambda-ric where the package, a layer or the runtime directory brings
// it, else lambda_client.cjs beside this file.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const root = process.env.LAMBDA_TASK_ROOT;
const wanted = (process.env.AWS_EXECUTION_ENV ?? "").match(/nodejs(\d+)/)?.[1];

if (wanted && wanted !== process.versions.node.split(".")[0]) {
  process.stderr.write(`lrun: asked for nodejs${wanted}.x, but /var/lang/bin/node is ${process.version}\n`);
  process.exit(1);
}

function find(name) {
  // NODE_PATH holds the layers, the runtime directory and the package, but not the package's own node_modules.
  try {
    return require.resolve(name, { paths: [root] });
  } catch {
    return undefined;
  }
}

const official = find("aws-lambda-ric");
if (official) {
  // From version 4 on it runs by being imported; before, it has to be told.
  const { run } = await import(official);
  await run?.(root, process.env._HANDLER);
} else {
  await require("./lambda_client.cjs").run(root, process.env._HANDLER);
}
