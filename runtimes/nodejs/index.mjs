// SPDX-License-Identifier: Apache-2.0
// lrun's Node.js client of the Runtime API. It shows a function what AWS's shows, frames included: callers of a handler are in this
// file, as on Lambda. Where the package or a layer brings aws-lambda-ric, AWS's own, that runs instead.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const fs = require("node:fs");
const path = require("node:path");
const ROOT = process.env.LAMBDA_TASK_ROOT;
const MAJOR = Number(process.versions.node.split(".")[0]);
const wanted = (process.env.AWS_EXECUTION_ENV ?? "").match(/nodejs(\d+)/)?.[1];

if (wanted && Number(wanted) !== MAJOR) {
  process.stderr.write(`lrun: asked for nodejs${wanted}.x, but /var/lang/bin/node is ${process.version}\n`);
  process.exit(1);
}

// Since nodejs18.x Lambda's runtimes look for what is imported where NODE_PATH says, too, which is where layers are; plain Node does so
// for require() only. Hooks cost a thread in Node.js 20, so there are none where there is no such folder.
async function importFromNodePath() {
  const folders = (process.env.NODE_PATH ?? "").split(":").filter((f) => f && f !== ROOT && f !== process.env.LAMBDA_RUNTIME_DIR);
  if (MAJOR < 18 || !folders.some((f) => fs.existsSync(f))) {
    return;
  }
  const { register, registerHooks } = await import("node:module");
  if (registerHooks) {
    registerHooks({ resolve: (await import("./node_path.mjs")).resolveNow });
  } else {
    register?.("./node_path.mjs", import.meta.url);
  }
}

function findOfficial() {
  // NODE_PATH holds the layers, the runtime directory and the package, but not the package's own node_modules.
  try {
    return require.resolve("aws-lambda-ric", { paths: [ROOT] });
  } catch {
    return undefined;
  }
}

// ---- loading the handler ----

const { api, contextParts, HIGH_WATER_MARK, isStreaming, kinds, logError, openStream, patchConsole, PROMISES_ONLY, setGlobals, traceToEnvironment } = require("./lambda_client.cjs");

function _isModuleFolder(folder) {
  for (; !folder.endsWith("/node_modules"); folder = path.dirname(folder)) {
    const file = path.join(folder, "package.json");
    if (fs.existsSync(file)) {
      try {
        return JSON.parse(fs.readFileSync(file)).type === "module";
      } catch (e) {
        console.warn(`${path.join(folder, "/package.json")} cannot be read, it will be ignored for ES module detection purposes.`, e);
        return false;
      }
    }
    if (folder === "/") {
      return false;
    }
  }
  return false;
}

function _tryRequireFile(file) {
  return fs.existsSync(file) ? require(file) : undefined;
}

async function _tryAwaitImport(file) {
  return fs.existsSync(file) ? await import(file) : undefined;
}

async function _tryRequire(folder, name) {
  const base = path.resolve(ROOT, folder, name);
  const esm = fs.existsSync(base + ".js") && _isModuleFolder(path.dirname(base));
  return _tryRequireFile(base) || (!esm && _tryRequireFile(base + ".js")) || (esm && await _tryAwaitImport(base + ".js")) ||
    await _tryAwaitImport(base + ".mjs") || _tryRequireFile(base + ".cjs") || require(require.resolve(name, { paths: [ROOT, folder] }));
}

// The newer client imports all, and so finds names of CommonJS modules as far as import finds them, and in their default.
async function _tryImport(folder, name) {
  const base = path.resolve(ROOT, folder, name);
  for (const extension of ["", ".js", ".mjs", ".cjs"]) {
    const loaded = await _tryAwaitImport(base + extension);
    if (loaded) {
      return loaded;
    }
  }
  return require(require.resolve(name, { paths: [ROOT, path.join(ROOT, folder)] }));
}

async function _loadUserApp(folder, name) {
  try {
    return await (PROMISES_ONLY ? _tryImport : _tryRequire)(folder, name);
  } catch (e) {
    if (e instanceof SyntaxError) {
      const error = new kinds.UserCodeSyntaxError(e);
      throw PROMISES_ONLY ? Object.assign(error, { stack: e.stack }) : error;
    }
    throw e.code === "MODULE_NOT_FOUND" ? new kinds.ImportModuleError(e) : e;
  }
}

const _resolveHandler = (loaded, names) => names.split(".").reduce((at, key) => (PROMISES_ONLY && typeof at !== "object" ? undefined : at && at[key]), loaded);

async function load(handler) {
  if (handler.includes("..")) {
    throw new kinds.MalformedHandlerName(`'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const last = path.basename(handler), folder = handler.slice(0, handler.indexOf(last));
  const match = last.match(/^([^.]*)\.(.*)$/);
  if (!match) {
    throw new kinds.MalformedHandlerName("Bad handler");
  }
  const loaded = await _loadUserApp(folder, match[1]);
  let found = _resolveHandler(loaded, match[2]);
  if (!found && PROMISES_ONLY && "default" in loaded) {
    found = _resolveHandler(loaded.default, match[2]);
  }
  if (!found) {
    throw new kinds.HandlerNotFound(`${handler} is undefined or not exported`);
  }
  if (typeof found !== "function") {
    throw new kinds.HandlerNotFound(`${handler} is not a function`);
  }
  return found;
}

const isPromise = (value) => value && value.then && typeof value.then === "function";

// ---- up to Node.js 22: callbacks and promises ----

const BEFORE_EXIT = Symbol.for("aws.lambda.beforeExit"); // what is due once nothing is left to do
const REQUEST_ID = Symbol.for("aws.lambda.runtime.requestId");
const TENANT_ID = Symbol.for("aws.lambda.runtime.tenantId");
const whenNothingIsLeft = (action) => { globalThis[BEFORE_EXIT] = action; };

// The first of callback, succeed, fail, done and the promise counts.
function callbackContext(client, id, scheduleNext) {
  let waits = true, answered = false, finished = false;
  const isError = (error) => error !== undefined && error !== null;
  const postError = (error) => {
    logError("Invoke Error", error);
    client.fail(id, error).then(scheduleNext);
  };
  const complete = (value) => {
    if (answered) {
      console.error("Invocation has already been reported as done. Cannot call complete more than once per invocation.");
      return;
    }
    answered = true;
    client.respond(id, value).then(scheduleNext);
  };
  const onlyOnce = (fn) => function () {
    if (!finished) {
      fn.apply(null, arguments);
      finished = true;
    }
  };
  const done = (error, value) => {
    whenNothingIsLeft(() => {});
    isError(error) ? postError(error) : complete(value);
  };
  const callback = onlyOnce((error, value) => {
    whenNothingIsLeft(() => {});
    if (isError(error)) {
      postError(error);
    } else if (waits) {
      whenNothingIsLeft(() => setImmediate(() => complete(value)));
    } else {
      complete(value);
    }
  });
  const context = {
    get callbackWaitsForEmptyEventLoop() { return waits; },
    set callbackWaitsForEmptyEventLoop(value) { waits = value; },
    succeed: onlyOnce((value) => done(null, value)),
    fail: onlyOnce((error) => (isError(error) ? done(error, null) : done("handled"))),
    done: onlyOnce(done),
  };
  return [callback, context, () => { answered = true; }];
}

class Runtime {
  constructor(client, handler, handlerMetadata, errorCallbacks) {
    this.client = client;
    this.handler = handler;
    this.handlerMetadata = handlerMetadata;
    this.errorCallbacks = errorCallbacks;
    this.handleOnce = handlerMetadata.streaming ? this.handleOnceStreaming : this.handleOnceNonStreaming;
  }

  scheduleIteration() {
    setImmediate(() => {
      this.handleOnce().then(() => {}, (error) => {
        console.log(`Unexpected Top Level Error: ${error.toString()}`);
        this.errorCallbacks.uncaughtException(error);
      });
    });
  }

  async next() {
    const { headers, body } = await this.client.next();
    globalThis[REQUEST_ID] = headers["lambda-runtime-aws-request-id"];
    globalThis[TENANT_ID] = headers["lambda-runtime-aws-tenant-id"];
    return { headers, body, id: headers["lambda-runtime-aws-request-id"] };
  }

  setErrorCallbacks(id) {
    this.errorCallbacks.uncaughtException = (error) => this.client.fail(id, error).then(() => process.exit(129));
    this.errorCallbacks.unhandledRejection = (error) => this.client.fail(id, error).then(() => process.exit(128));
  }

  attach(context, headers) {
    traceToEnvironment(headers);
    return Object.assign(context, ...contextParts(headers));
  }

  async handleOnceNonStreaming() {
    const { headers, body, id } = await this.next();
    const [callback, context, markCompleted] = callbackContext(this.client, id, () => this.scheduleIteration());
    try {
      this.setErrorCallbacks(id);
      whenNothingIsLeft(() => { // neither called back nor a promise
        markCompleted();
        this.client.respond(id, null).then(() => this.scheduleIteration());
      });
      const result = this.handler(JSON.parse(body), this.attach(context, headers), callback);
      if (isPromise(result)) {
        result.then(context.succeed, context.fail).catch(context.fail);
      }
    } catch (error) {
      callback(error);
    }
  }

  async handleOnceStreaming() {
    const { headers, body, id } = await this.next();
    const { stream, finished, fail } = openStream(id, this.handlerMetadata.highWaterMark);
    let waits = true;
    const context = {
      get callbackWaitsForEmptyEventLoop() { return waits; },
      set callbackWaitsForEmptyEventLoop(value) { waits = value; },
    };
    const again = () => {
      whenNothingIsLeft(waits ? () => setImmediate(() => this.scheduleIteration()) : () => {});
      if (!waits) {
        this.scheduleIteration();
      }
    };
    const failed = (error) => {
      logError("Invoke Error", error);
      fail(error, again);
    };
    try {
      this.setErrorCallbacks(id);
      whenNothingIsLeft(() => this.scheduleIteration());
      const result = this.handler(JSON.parse(body), stream, this.attach(context, headers));
      if (!isPromise(result)) {
        return failed("Streaming does not support non-async handlers.");
      }
      if ((await result) !== undefined) {
        console.warn("Streaming handlers ignore return values.");
      }
      await finished; // as AWS's: a stream that is never ended lasts until the timeout
      if (!stream.writableFinished) {
        return failed("Response stream is not finished.");
      }
      again();
    } catch (error) {
      failed(error);
    }
  }
}

async function run(handlerName) {
  patchConsole({ request: () => globalThis[REQUEST_ID], tenant: () => globalThis[TENANT_ID] });
  const errorCallbacks = {
    uncaughtException: (error) => api.failInit(error).then(() => process.exit(129)),
    unhandledRejection: (error) => api.failInit(error).then(() => process.exit(128)),
  };
  process.on("uncaughtException", (error) => {
    logError("Uncaught Exception", error);
    errorCallbacks.uncaughtException(error);
  });
  process.on("unhandledRejection", (reason, promise) => {
    const error = Object.assign(new kinds.UnhandledPromiseRejection(reason), { reason, promise });
    logError("Unhandled Promise Rejection", error);
    errorCallbacks.unhandledRejection(error);
  });
  whenNothingIsLeft(() => {});
  process.on("beforeExit", function invoke() {
    globalThis[BEFORE_EXIT]();
  });
  setGlobals();
  const handler = await load(handlerName);
  new Runtime(api, handler, { streaming: isStreaming(handler), highWaterMark: handler[HIGH_WATER_MARK] }, errorCallbacks).scheduleIteration();
}

// ---- from Node.js 24 on: promises only ----

const PROTECTED_KEYS = {
  REQUEST_ID: Symbol.for("_AWS_LAMBDA_REQUEST_ID"),
  X_RAY_TRACE_ID: Symbol.for("_AWS_LAMBDA_X_RAY_TRACE_ID"),
  TENANT_ID: Symbol.for("_AWS_LAMBDA_TENANT_ID"),
};

// What libraries keep for the time of one invocation; they find it as awslambda.InvokeStore.
class InvokeStoreBase {
  static PROTECTED_KEYS = PROTECTED_KEYS;

  isProtectedKey(key) {
    return Object.values(PROTECTED_KEYS).includes(key);
  }

  getRequestId() {
    return this.get(PROTECTED_KEYS.REQUEST_ID) ?? "-";
  }

  getXRayTraceId() {
    return this.get(PROTECTED_KEYS.X_RAY_TRACE_ID);
  }

  getTenantId() {
    return this.get(PROTECTED_KEYS.TENANT_ID);
  }
}

class InvokeStoreSingle extends InvokeStoreBase {
  currentContext;

  getContext() {
    return this.currentContext;
  }

  hasContext() {
    return this.currentContext !== undefined;
  }

  get(key) {
    return this.currentContext?.[key];
  }

  set(key, value) {
    if (this.isProtectedKey(key)) {
      throw new Error(`Cannot modify protected Lambda context field: ${String(key)}`);
    }
    this.currentContext = this.currentContext || {};
    this.currentContext[key] = value;
  }

  run(context, fn) {
    this.currentContext = context;
    return fn();
  }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

class BufferedInvokeProcessor {
  constructor(handler, client) {
    this.handler = handler;
    this.client = client;
  }

  async processInvoke(context, event) {
    try {
      const result = await this.handler(event, context);
      await nextTurn();
      await this.client.respond(context.awsRequestId, result);
    } catch (error) {
      await nextTurn();
      logError("Invoke Error", error);
      await this.client.fail(context.awsRequestId, error);
    }
  }
}

class StreamingInvokeProcessor {
  constructor(handler) {
    this.handler = handler;
  }

  async processInvoke(context, event) {
    const { stream, finished, fail } = openStream(context.awsRequestId, this.handler[HIGH_WATER_MARK]);
    try {
      const result = this.handler(event, stream, context);
      await this.waitForStreamClosure(result, finished, stream);
    } catch (error) {
      logError("Invoke Error", error); // at once: the answer may have been ended already
      await nextTurn();
      fail(error);
    }
  }

  async waitForStreamClosure(result, finished, stream) {
    if (typeof result !== "object" || !isPromise(result)) {
      throw new Error("Streaming does not support non-async handlers.");
    }
    if (typeof (await result) !== "undefined") {
      console.warn("Streaming handlers ignore return values.");
    }
    await finished;
    if (!stream.writableFinished) {
      throw new Error("Response stream is not finished.");
    }
  }
}

class _Runtime { // as frames show it
  static create(processor, store) {
    const runtime = new _Runtime();
    return Object.assign(runtime, { processor, store });
  }

  async start() {
    await this.processSingleConcurrent(this.processor);
  }

  async processSingleConcurrent(processor) {
    while (true) {
      const { headers, body } = await api.next();
      const context = Object.assign(...contextParts(headers).reverse());
      traceToEnvironment(headers);
      const event = JSON.parse(body);
      await this.runWithInvokeContext(context.awsRequestId, context.xRayTraceId, () => processor.processInvoke(context, event));
    }
  }

  async runWithInvokeContext(requestId, xRayTraceId, fn) {
    const store = await this.store;
    return store.run({ [PROTECTED_KEYS.REQUEST_ID]: requestId, [PROTECTED_KEYS.X_RAY_TRACE_ID]: xRayTraceId }, fn);
  }
}

const NO_CALLBACKS = "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.";

async function createRuntime(handlerName) {
  const store = new InvokeStoreSingle();
  setGlobals({ InvokeStore: store });
  patchConsole({ request: () => store.getRequestId(), tenant: () => store.getTenantId() });
  try {
    const handler = await load(handlerName), streaming = isStreaming(handler);
    if (handler.length >= 3 && !streaming) {
      throw new kinds.CallbackHandlerDeprecated(NO_CALLBACKS);
    }
    return _Runtime.create(streaming ? new StreamingInvokeProcessor(handler) : new BufferedInvokeProcessor(handler, api), store);
  } catch (error) {
    logError("Init Error", error);
    await api.failInit(error);
    throw error;
  }
}

async function ignition(handlerName) {
  const runtime = await createRuntime(handlerName);
  await runtime.start();
}

// ---- beginning ----

await importFromNodePath();
const official = findOfficial();
if (official) {
  // From version 4 on it runs by being imported; before, it has to be told.
  const { run: start } = await import(official);
  await start?.(ROOT, process.env._HANDLER);
} else if (PROMISES_ONLY) {
  ignition(process.env._HANDLER);
} else {
  await run(process.env._HANDLER);
}
