// SPDX-License-Identifier: Apache-2.0
// What index.mjs is made of: errors, log, the Runtime API, contexts, streams. Where the words of an error are AWS's, they are AWS's to
// the letter. AWS has two generations of its client: the older one, up to Node.js 22, knows callbacks, the newer one knows promises only.
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const util = require("node:util");

const BASE = "/2018-06-01/runtime/";
const AGENT = `lrun-nodejs/${process.versions.node}-1`;
const JSON_LOGS = (process.env.AWS_LAMBDA_LOG_FORMAT ?? "").toUpperCase() === "JSON";
const PROMISES_ONLY = Number(process.versions.node.split(".")[0]) >= 24;

// ---- errors ----

const kinds = {};
for (const name of ["ImportModuleError", "HandlerNotFound", "MalformedHandlerName", "UserCodeSyntaxError",
  "MalformedStreamingHandler", "InvalidStreamingOperation", "UnhandledPromiseRejection", "JSONStringifyError", "CallbackHandlerDeprecated"]) {
  kinds[name] = { [name]: class extends Error {
    constructor(message) {
      super(PROMISES_ONLY ? String(message) : message);
      if (PROMISES_ONLY) {
        this.name = `Runtime.${name}`; // shows in log lines
      }
    }
  } }[name];
  kinds[name].prototype.name = `Runtime.${name}`;
}

const printable = (text) => text?.replace(/\x7F/g, "%7F"); // headers may not hold DEL

function errorPayload(error) {
  try {
    const like = error && ["name", "message", "stack"].every((k) => error[k] && typeof error[k] === "string");
    if (PROMISES_ONLY ? error instanceof Error : util.types.isNativeError(error) || like) {
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

const errorFields = (e) => ({
  errorType: e?.constructor?.name ?? "UnknownError",
  errorMessage: e.message,
  stackTrace: typeof e.stack === "string" ? e.stack.split("\n") : e.stack,
});

function jsonLine(now, level, args, ids) {
  const line = { timestamp: now.toISOString(), level, requestId: ids.request() };
  if (ids.tenant()) {
    line.tenantId = ids.tenant();
  }
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
    line.stackTrace = Array.isArray(line.stackTrace) ? line.stackTrace : [];
  }
  return JSON.stringify(line);
}

const textLine = (now, level, args, ids) => `${now.toISOString()}\t${ids.request()}\t${level}\t${util.format(...args)}`;

// With extensions there is a descriptor for messages with their length: type (4 bytes), length (4), time in microseconds (8), text.
function writeFrame(fd, now, mask, text) {
  const bytes = Buffer.from(text), head = Buffer.alloc(16);
  head.writeUInt32BE(((JSON_LOGS ? 0xa55a0002 : 0xa55a0003) | mask) >>> 0, 0);
  head.writeInt32BE(bytes.length, 4);
  head.writeBigInt64BE(BigInt(now.valueOf()) * 1000n, 8);
  fs.writeSync(fd, head);
  fs.writeSync(fd, bytes);
}

// ids: functions that say which request, and which tenant, a line is of.
function patchConsole(ids) {
  const order = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
  const least = Math.max(0, order.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL ?? "TRACE").toUpperCase()));
  const fd = process.env._LAMBDA_TELEMETRY_LOG_FD === undefined ? -1 : Number(process.env._LAMBDA_TELEMETRY_LOG_FD);
  delete process.env._LAMBDA_TELEMETRY_LOG_FD;
  const { NopLog } = PROMISES_ONLY ? { NopLog: () => {} } : { NopLog: (_message) => {} };
  for (const [at, level] of order.entries()) {
    const write = (0, (message, ...params) => { // without a name, as AWS's; console.log() logs "undefined", as AWS's
      const now = new Date(), line = (JSON_LOGS ? jsonLine : textLine)(now, level, [message, ...params], ids);
      if (fd >= 0) {
        writeFrame(fd, now, (at + 1) * 4, JSON_LOGS ? line : line + "\n");
      } else {
        process.stdout.write(line.replace(/\n/g, "\r") + "\n"); // a newline would start another record in CloudWatch
      }
    });
    console[level.toLowerCase()] = at >= least || (level === "FATAL" && !PROMISES_ONLY) ? write : NopLog;
  }
  console.log = console.info;
}

// ---- the Runtime API ----

const [host, port] = (process.env.AWS_LAMBDA_RUNTIME_API ?? "").split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const streams = new http.Agent({ keepAlive: true, maxSockets: 1 }); // as AWS's, a connection of their own: errors need the other meanwhile

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
    throw PROMISES_ONLY ? new kinds.JSONStringifyError("Unable to stringify response body") : new Error("Unable to stringify response body");
  }
}

async function postError(where, error) {
  const payload = errorPayload(error);
  await request("POST", where, stringify(payload), {
    "Content-Type": "application/json",
    "Lambda-Runtime-Function-Error-Type": (payload.errorType ?? "").replace(/[^\x20-\x7e]/g, "?"),
  });
}

const api = {
  // From an immediate, what waits goes on without a frame of Node.js's below it, as after AWS's native code.
  next: async () => {
    const answer = await request("GET", "invocation/next");
    return new Promise((resolve) => setImmediate(resolve, answer));
  },
  respond: (id, value) => {
    const text = stringify(value); // throws before anything is sent
    return request("POST", `invocation/${id}/response`, text, { "Content-Type": "application/json" });
  },
  fail: (id, error) => postError(`invocation/${id}/error`, error),
  failInit: (error) => postError("init/error", error),
};

// ---- streams ----

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");

class HttpResponseStream {
  static from(underlyingStream, prelude) {
    underlyingStream.setContentType("application/vnd.awslambda.http-integration-response");
    const text = JSON.stringify(prelude); // now: what is changed in it afterwards is not sent
    underlyingStream._onBeforeFirstWrite = (write) => {
      write(text);
      write(new Uint8Array(8));
    };
    return underlyingStream;
  }
}

// What a handler sees of the request that carries its answer: what can be written to, and nothing of HTTP. AWS's client for Node.js 24 is
// another one than those before, and differs in these and in what end() does.
const NEWER = Number(process.versions.node.split(".")[0]) >= 24;
const STREAM_METHODS = ["cork", "destroy", "end", "uncork", "write", ...(NEWER ? ["addListener", "on", "once", "prependListener", "prependOnceListener", "off",
  "removeListener", "removeAllListeners", "setMaxListeners", "getMaxListeners", "listeners", "rawListeners", "listenerCount", "eventNames", "emit"]
  : ["addListener", "emit", "eventNames", "getMaxListeners", "listenerCount", "listeners", "off", "on", "once", "prependListener", "prependOnceListener",
    "rawListeners", "removeAllListeners", "removeListener", "setMaxListeners"]), "setContentType"];
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
  let started = false, answered = false, resolve, reject;
  const finished = new Promise((yes, no) => { resolve = yes; reject = no; });
  const r = http.request({
    host, port, agent: streams, method: "POST", path: `${BASE}invocation/${id}/response`, highWaterMark,
    headers: {
      "User-Agent": AGENT,
      "Lambda-Runtime-Function-Response-Mode": "streaming",
      "Content-Type": "application/octet-stream",
      "Transfer-Encoding": "chunked",
      Trailer: ["Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body"],
    },
  }, (response) => {
    answered = true;
    response.on("data", () => {}).on("end", resolve).on("aborted", reject);
  });
  // As AWS's, which has a second promise for the headers of the answer and nobody who waits for it: a stream that fails before them (it is
  // destroyed, or written to after its end) is an unhandled rejection, which ends the runtime.
  r.on("error", (error) => {
    if (!answered) {
      Promise.reject(error);
    }
    reject(error);
    r.destroy(error);
  });
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

// ---- what functions are given ----

function setGlobals(more) {
  if (["1", "true"].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) {
    return;
  }
  globalThis.awslambda = {
    ...more,
    streamifyResponse: (handler, options) => {
      handler[STREAMING] = "response";
      if (typeof options?.highWaterMark === "number") {
        handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
      }
      return handler;
    },
    HttpResponseStream,
  };
}

function traceToEnvironment(headers) {
  if (headers["lambda-runtime-trace-id"]) {
    process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
  } else {
    delete process.env._X_AMZN_TRACE_ID;
  }
}

// The parts of a context that come from the variables, and those that come with each event.
function contextParts(headers) {
  const env = process.env, header = (name) => headers[`lambda-runtime-${name}`], deadline = header("deadline-ms");
  const parsed = (text, name, where) => {
    try {
      return text === undefined ? undefined : JSON.parse(text);
    } catch (e) {
      throw new Error(PROMISES_ONLY ? `Failed to parse ${where} as JSON: ${e.message}` : `Cannot parse ${name} as json: ${e.toString()}`);
    }
  };
  return [{
    ...(PROMISES_ONLY ? { functionName: env.AWS_LAMBDA_FUNCTION_NAME } : {}), // enumerated in this order
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
  }, {
    clientContext: parsed(header("client-context"), "ClientContext", "lambda-runtime-client-context"),
    identity: parsed(header("cognito-identity"), "CognitoIdentity", "lambda-runtime-cognito-identity"),
    invokedFunctionArn: header("invoked-function-arn"),
    awsRequestId: header("aws-request-id"),
    tenantId: header("aws-tenant-id"),
    ...(PROMISES_ONLY ? { xRayTraceId: header("trace-id") } : {}),
    getRemainingTimeInMillis: function () {
      return deadline - Date.now();
    },
  }];
}

module.exports = { api, contextParts, HIGH_WATER_MARK, isStreaming, kinds, logError, openStream, patchConsole, PROMISES_ONLY, setGlobals, traceToEnvironment };
