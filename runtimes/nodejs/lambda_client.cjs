// SPDX-License-Identifier: Apache-2.0
// lrun's Node.js client of the Runtime API, for packages that do not bring AWS's. It shows a function what AWS's shows:
// context, callbacks, errors, log lines, streams. Where the words of an error are AWS's, they are AWS's to the letter.
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const util = require("node:util");

const BASE = "/2018-06-01/runtime/";
const AGENT = `lrun-nodejs/${process.versions.node}-1`;
const JSON_LOGS = (process.env.AWS_LAMBDA_LOG_FORMAT ?? "").toUpperCase() === "JSON";

// ---- errors ----

const kinds = {};
for (const name of ["ImportModuleError", "HandlerNotFound", "MalformedHandlerName", "UserCodeSyntaxError",
  "MalformedStreamingHandler", "InvalidStreamingOperation", "UnhandledPromiseRejection"]) {
  kinds[name] = { [name]: class extends Error {} }[name];
  kinds[name].prototype.name = `Runtime.${name}`;
}

const printable = (text) => text?.replace(/\x7F/g, "%7F"); // headers may not hold DEL

function errorPayload(error) {
  try {
    const like = error && ["name", "message", "stack"].every((k) => error[k] && typeof error[k] === "string");
    if (util.types.isNativeError(error) || like) {
      return { errorType: printable(error.name), errorMessage: printable(error.message), trace: printable(error.stack).split("\n") };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return {
      errorType: "handled",
      errorMessage: "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack",
    };
  }
}

const loggable = (value) => {
  if (!(value instanceof Error)) {
    return value;
  }
  const plain = { errorType: value.name, errorMessage: value.message, code: value.code, ...value };
  if (typeof value.stack === "string") {
    plain.stack = value.stack.split("\n");
  }
  return plain;
};

const asError = (value) => (value instanceof Error ? value : new Error(value));

function logError(title, value) {
  const error = asError(value);
  if (JSON_LOGS) {
    console.error(error);
    return;
  }
  let text;
  try {
    text = JSON.stringify(error, (_, v) => loggable(v));
  } catch {
    text = JSON.stringify(errorPayload(error));
  }
  console.error(title, "\t" + text);
}

// ---- log ----

const REQUEST_ID = Symbol.for("aws.lambda.runtime.requestId");

const errorFields = (e) => ({
  errorType: e?.constructor?.name ?? "UnknownError",
  errorMessage: e.message,
  stackTrace: typeof e.stack === "string" ? e.stack.split("\n") : e.stack,
});

function jsonLine(level, args) {
  const line = { timestamp: new Date().toISOString(), level, requestId: globalThis[REQUEST_ID] };
  if (args.length === 1) {
    line.message = args[0];
    try {
      return JSON.stringify(line, (_, v) => (v instanceof Error ? { ...errorFields(v), ...v } : v));
    } catch {
      line.message = util.format(args[0]);
      return JSON.stringify(line);
    }
  }
  line.message = util.format(...args);
  const error = args.find((a) => a instanceof Error);
  if (error) {
    Object.assign(line, errorFields(error));
  }
  return JSON.stringify(line);
}

const textLine = (level, args) => `${new Date().toISOString()}\t${globalThis[REQUEST_ID]}\t${level}\t${util.format(...args)}`;

function patchConsole() {
  const order = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
  const least = Math.max(0, order.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL ?? "TRACE").toUpperCase()));
  for (const [at, level] of order.entries()) {
    // A newline would start another record in CloudWatch.
    const write = (...args) => void process.stdout.write((JSON_LOGS ? jsonLine : textLine)(level, args).replace(/\n/g, "\r") + "\n");
    console[level.toLowerCase()] = at >= least ? write : () => {};
  }
  console.log = console.info;
}

// ---- the Runtime API ----

const [host, port] = (process.env.AWS_LAMBDA_RUNTIME_API ?? "").split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function request(method, where, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const r = http.request({ host, port, agent, method, path: BASE + where, headers: { "User-Agent": AGENT, ...headers } }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ headers: response.headers, status: response.statusCode, body: Buffer.concat(parts).toString() }));
    });
    r.on("error", reject);
    r.end(body);
  });
}

function stringify(value) {
  try {
    return JSON.stringify(value === undefined ? null : value);
  } catch {
    throw new Error("Unable to stringify response body");
  }
}

async function postError(where, error) {
  const payload = errorPayload(error);
  await request("POST", where, stringify(payload), {
    "Content-Type": "application/json",
    "Lambda-Runtime-Function-Error-Type": (payload.errorType ?? "").replace(/[^\x20-\x7e]/g, "?"),
  });
}

// ---- loading the handler ----

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");

class HttpResponseStream {
  static from(stream, prelude) {
    stream.setContentType("application/vnd.awslambda.http-integration-response");
    stream._onBeforeFirstWrite = (write) => {
      write(JSON.stringify(prelude));
      write(new Uint8Array(8));
    };
    return stream;
  }
}

function isModuleFolder(folder) {
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

async function loadModule(root, folder, name) {
  const base = path.resolve(root, folder, name);
  if (fs.existsSync(base)) {
    return require(base);
  }
  const esm = fs.existsSync(base + ".js") && isModuleFolder(path.dirname(base));
  const tries = [[".js", esm], [".mjs", true], [".cjs", false]];
  for (const [extension, imported] of tries) {
    if (fs.existsSync(base + extension)) {
      return imported ? await import(base + extension) : require(base + extension);
    }
  }
  return require(require.resolve(name, { paths: [root, folder] }));
}

async function load(root, handler) {
  if (handler.includes("..")) {
    throw new kinds.MalformedHandlerName(`'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const last = path.basename(handler), folder = handler.slice(0, handler.indexOf(last));
  const match = last.match(/^([^.]*)\.(.*)$/);
  if (!match) {
    throw new kinds.MalformedHandlerName("Bad handler");
  }
  let loaded;
  try {
    loaded = await loadModule(root, folder, match[1]);
  } catch (e) {
    if (e instanceof SyntaxError) {
      throw new kinds.UserCodeSyntaxError(e);
    }
    throw e.code === "MODULE_NOT_FOUND" ? new kinds.ImportModuleError(e) : e;
  }
  const found = match[2].split(".").reduce((at, key) => at && at[key], loaded);
  if (!found) {
    throw new kinds.HandlerNotFound(`${handler} is undefined or not exported`);
  }
  if (typeof found !== "function") {
    throw new kinds.HandlerNotFound(`${handler} is not a function`);
  }
  return found;
}

// ---- invocations ----

let onEmptyLoop = () => {}; // what is due once nothing is left to do
let onFatal;                // what an uncaught error is reported as

function contextOf(headers, own) {
  const env = process.env, header = (name) => headers[`lambda-runtime-${name}`];
  const parsed = (text, name) => {
    try {
      return text === undefined ? undefined : JSON.parse(text);
    } catch (e) {
      throw new Error(`Cannot parse ${name} as json: ${e.toString()}`);
    }
  };
  if (header("trace-id")) {
    env._X_AMZN_TRACE_ID = header("trace-id");
  } else {
    delete env._X_AMZN_TRACE_ID;
  }
  const deadline = header("deadline-ms");
  return Object.assign(own, {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed(header("client-context"), "ClientContext"),
    identity: parsed(header("cognito-identity"), "CognitoIdentity"),
    invokedFunctionArn: header("invoked-function-arn"),
    awsRequestId: header("aws-request-id"),
    tenantId: header("aws-tenant-id"),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  });
}

function fatalDuring(id) {
  onFatal = (error, status) => void postError(`invocation/${id}/error`, error).then(() => process.exit(status));
}

const isPromise = (value) => value && value.then && typeof value.then === "function";

// One buffered invocation: the first of callback, succeed, fail, done and the promise counts.
function invokeBuffered(runtime, event, headers, again) {
  const id = headers["lambda-runtime-aws-request-id"];
  let waits = true, answered = false;
  const fail = (error) => {
    onEmptyLoop = () => {};
    logError("Invoke Error", error);
    postError(`invocation/${id}/error`, error).then(again);
  };
  const answer = (value) => {
    if (answered) {
      console.error("Invocation has already been reported as done. Cannot call complete more than once per invocation.");
      return;
    }
    const text = stringify(value);
    answered = true;
    request("POST", `invocation/${id}/response`, text, { "Content-Type": "application/json" }).then(again);
  };
  const isError = (error) => error !== undefined && error !== null;
  const onlyOnce = (fn) => {
    return (...args) => {
      if (!finished) {
        fn(...args);
        finished = true;
      }
    };
  };
  let finished = false;
  const done = (error, value) => {
    onEmptyLoop = () => {};
    isError(error) ? fail(error) : answer(value);
  };
  const callback = onlyOnce((error, value) => {
    onEmptyLoop = () => {};
    if (isError(error)) {
      fail(error);
    } else if (waits) {
      onEmptyLoop = () => setImmediate(() => answer(value));
    } else {
      answer(value);
    }
  });
  const own = {
    get callbackWaitsForEmptyEventLoop() { return waits; },
    set callbackWaitsForEmptyEventLoop(value) { waits = value; },
    succeed: onlyOnce((value) => done(null, value)),
    fail: onlyOnce((error) => done(isError(error) ? error : "handled", null)),
    done: onlyOnce(done),
  };
  fatalDuring(id);
  onEmptyLoop = () => answer(null); // neither called back nor a promise
  try {
    const result = runtime.handler(JSON.parse(event), contextOf(headers, own), callback);
    if (isPromise(result)) {
      result.then(own.succeed, own.fail).catch(own.fail);
    }
  } catch (error) {
    callback(error);
  }
}

// What a handler sees of the request that carries its answer: what can be written to, and nothing of HTTP. AWS's client for Node.js 24 is
// another one than those before, and differs in these and in what end() does.
const NEWER = Number(process.versions.node.split(".")[0]) >= 24;
const STREAM_METHODS = ["cork", "destroy", "end", "uncork", "write", "addListener", "emit", "eventNames", "getMaxListeners", "listenerCount", "listeners", "off",
  "on", "once", "prependListener", "prependOnceListener", "rawListeners", "removeAllListeners", "removeListener", "setMaxListeners", "setContentType"];
const STREAM_SET = ["destroyed", "_onBeforeFirstWrite", ...(NEWER ? [] : ["writable"])];
const STREAM_GET = ["writableFinished", "writableObjectMode", "writableEnded", "writableNeedDrain", "writableHighWaterMark", "writableCorked", "writableLength",
  NEWER ? "writable" : "writableBuffer"];

function streamOf(r) {
  const stream = Object.fromEntries(STREAM_METHODS.map((name) => [name, r[name].bind(r)]));
  for (const name of STREAM_GET) {
    Object.defineProperty(stream, name, { get: () => r[name] });
  }
  for (const name of STREAM_SET) {
    Object.defineProperty(stream, name, { get: () => r[name], set: (value) => { r[name] = value; } });
  }
  return stream;
}

function openStream(id, highWaterMark) {
  let started = false, resolve, reject;
  const finished = new Promise((yes, no) => { resolve = yes; reject = no; });
  const r = http.request({
    host, port, agent, method: "POST", path: `${BASE}invocation/${id}/response`, highWaterMark,
    headers: {
      "User-Agent": AGENT,
      "Lambda-Runtime-Function-Response-Mode": "streaming",
      "Content-Type": "application/octet-stream",
      "Transfer-Encoding": "chunked",
      Trailer: ["Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body"],
    },
  }, (response) => response.on("data", () => {}).on("end", resolve).on("aborted", reject));
  r.on("error", reject);
  const write = r.write.bind(r), end = r.end.bind(r);
  if (!NEWER) {
    r.end = (chunk) => { end(chunk); };
  }
  r.setContentType = (type) => {
    if (started) {
      throw new kinds.InvalidStreamingOperation("Cannot set content-type, too late.");
    }
    r.setHeader("Content-Type", type);
  };
  r.write = (chunk, encoding, callback) => {
    chunk.length; // AWS's logs it, and so fails with what has none to ask for: null and undefined
    const bytes = Buffer.isBuffer(chunk) || (NEWER ? chunk instanceof Uint8Array : chunk.constructor === Uint8Array);
    const data = typeof chunk === "string" || bytes ? chunk : JSON.stringify(chunk);
    if (!started && typeof r._onBeforeFirstWrite === "function") {
      r._onBeforeFirstWrite((part) => write(part));
    }
    const more = write(data, encoding, callback);
    started = true;
    return more;
  };
  const fail = (error, after) => {
    const payload = errorPayload(error);
    r.addTrailers({
      "Lambda-Runtime-Function-Error-Type": payload.errorType,
      "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify(payload)).toString("base64"),
    });
    end(after);
  };
  return { stream: streamOf(r), finished, fail };
}

async function invokeStreaming(runtime, event, headers, next) {
  const id = headers["lambda-runtime-aws-request-id"];
  const { stream, finished, fail } = openStream(id, runtime.handler[HIGH_WATER_MARK]);
  let waits = true;
  const own = {
    get callbackWaitsForEmptyEventLoop() { return waits; },
    set callbackWaitsForEmptyEventLoop(value) { waits = value; },
  };
  const again = () => {
    onEmptyLoop = waits ? () => setImmediate(next) : () => {};
    if (!waits) {
      next();
    }
  };
  const failed = (error) => {
    logError("Invoke Error", error);
    fail(error, again);
  };
  fatalDuring(id);
  onEmptyLoop = next;
  try {
    const result = runtime.handler(JSON.parse(event), stream, contextOf(headers, own));
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

function isStreaming(handler) {
  const mode = handler[STREAMING];
  if (mode === undefined || mode === null || mode === false) {
    return false;
  }
  if (mode !== "response") {
    throw new kinds.MalformedStreamingHandler("Only response streaming is supported.");
  }
  return true;
}

// Calls of the handler as its method show in stack traces as "at Runtime.handler", as they do on Lambda.
class Runtime {
  constructor(handler) {
    this.handler = handler;
  }
}

exports.run = async function run(root, name) {
  patchConsole();
  onFatal = (error, status) => void postError("init/error", error).then(() => process.exit(status));
  process.on("uncaughtException", (error) => {
    logError("Uncaught Exception", error);
    onFatal(error, 129);
  });
  process.on("unhandledRejection", (reason, promise) => {
    const error = Object.assign(new kinds.UnhandledPromiseRejection(reason), { reason, promise });
    logError("Unhandled Promise Rejection", error);
    onFatal(error, 128);
  });
  process.on("beforeExit", () => onEmptyLoop());
  if (!["1", "true"].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) {
    globalThis.awslambda = {
      streamifyResponse(handler, options) {
        handler[STREAMING] = "response";
        if (typeof options?.highWaterMark === "number") {
          handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
        }
        return handler;
      },
      HttpResponseStream,
    };
  }
  const runtime = new Runtime(await load(root, name));
  const invoke = isStreaming(runtime.handler) ? invokeStreaming : invokeBuffered;
  const again = () => setImmediate(async () => {
    const { headers, body } = await request("GET", "invocation/next");
    globalThis[REQUEST_ID] = headers["lambda-runtime-aws-request-id"];
    await invoke(runtime, body, headers, again);
  });
  again();
};
