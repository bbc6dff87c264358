// SPDX-License-Identifier: Apache-2.0
// The probe for Node.js: what a function can see of its runtime client, as {where: what}.
"use strict";

const SEEN = {};
const see = (where, what) => { SEEN[where] = what; };

const described = (value) => {
  if (typeof value === "function") {
    return `function ${value.name}(${value.length})${/^class/.test(String(value)) ? " class" : ""}`;
  }
  return value === null || typeof value !== "object" ? `${typeof value} ${String(value)}` : Array.isArray(value) ? "array" : `object ${Object.getPrototypeOf(value)?.constructor?.name}`;
};

function members(object) {
  const found = {};
  for (const key of Reflect.ownKeys(object)) {
    const d = Object.getOwnPropertyDescriptor(object, key);
    const how = `${d.enumerable ? "e" : "-"}${d.configurable ? "c" : "-"}${d.get ? "g" : ""}${d.set ? "s" : ""}${d.writable ? "w" : ""}`;
    found[String(key)] = `${how} ${d.get ? "" : described(d.value)}`;
  }
  return found;
}

const frames = () => new Error("x").stack.split("\n").slice(2).filter((l) => !l.includes("node:internal")).map((l) => l.trim());

see("at load: frames", frames());
const MARKS = ["aws", "AWS"];
const globals = () => Reflect.ownKeys(globalThis).map(String).filter((k) => MARKS.some((m) => k.includes(m))).sort();
see("at load: globals", Reflect.ownKeys(globalThis).map(String).sort());
see("at load: awslambda", members(globalThis.awslambda));
see("awslambda.HttpResponseStream", [members(globalThis.awslambda.HttpResponseStream), members(globalThis.awslambda.HttpResponseStream.prototype)]);
if (globalThis.awslambda.InvokeStore) {
  const store = globalThis.awslambda.InvokeStore;
  see("InvokeStore", [members(store), members(Object.getPrototypeOf(store)), members(Object.getPrototypeOf(Object.getPrototypeOf(store)))]);
  see("InvokeStore at load", [store.getRequestId(), store.getXRayTraceId(), store.getTenantId(), store.hasContext()]);
}
see("process", { argv: process.argv, execArgv: process.execArgv, execPath: process.execPath, title: process.title, exitCode: process.exitCode });
see("listeners", Object.fromEntries(process.eventNames().map((e) => [String(e), process.listeners(e).map(described)])));
see("variables", Object.keys(process.env).sort());
see("module", { main: require.main?.filename ?? null, parent: module.parent?.filename ?? null, id: module.id, paths: module.paths, cached: Object.keys(require.cache).filter((k) => !k.includes("/var/task")), filename: __filename });
see("console", members(console));
see("console: sources", ["log", "info", "debug", "warn", "error", "trace", "fatal"].map((m) => [m, console[m] === console.log]));
see("Error", [typeof Error.prepareStackTrace, Error.stackTraceLimit, String(Object.getPrototypeOf(async () => {}).constructor.name)]);

function lines() {
  const cyclic = { a: 1 };
  cyclic.cyclic = cyclic;
  class Mine extends Error {
    constructor() {
      super("mine\nover two lines");
      this.code = "E_MINE";
      this.more = { a: [1] };
    }
  }
  const cause = new Error("outer", { cause: new TypeError("inner") });
  const bare = Object.assign(new Error("without a stack"), { stack: undefined });
  const cases = [[], [undefined], [null], [""], [0], [-0], ["%s"], ["%s %d %i %f %j %o %O %c %%", "s", 1.5, 1.5, 1.5, { a: 1 }, [1], { b: 2 }, "css"], ["%d", "x", "more"], [Symbol("s")], [1n], [{ a: { b: { c: { d: 1 } } } }],
    [[1, [2, [3, [4]]]]], [new Map([["k", 1]])], [new Set([1])], [new Date(0)], [Buffer.from("x")], [cyclic], [() => {}], [class A {}], ["two\nlines\r\nand more\r"], ["\t\0\x1b[31m"], [{ toJSON: () => "json" }],
    [new Mine()], ["text", new Mine()], [cause], [bare], ["text", bare, new Mine()], [{ error: new TypeError("inside") }], [new AggregateError([new Error("one")], "all")], [Object.create(null)], [new Proxy({}, {})], [NaN, Infinity],
    [{ n: 1n }], [true, false], [[undefined, null]], [Promise.resolve(1)], [new WeakMap()], [{ get broken() { throw new Error("getter"); } }], ["a".repeat(10)], [{ level: "x", requestId: "y", timestamp: "z", message: "m" }]];
  for (const [i, args] of cases.entries()) {
    for (const level of i < 4 ? ["log", "info", "debug", "warn", "error", "trace", "fatal"] : ["log"]) {
      try {
        console[level](...args);
      } catch (e) {
        console.log("RAISED", i, e.message);
      }
    }
  }
  console.table?.([{ a: 1 }]);
  console.dir?.({ a: 1 });
  console.group?.("group");
  console.log("inside the group");
  console.groupEnd?.();
  console.assert?.(false, "an assertion");
  console.count?.();
  process.stdout.write("to stdout\n");
  process.stderr.write("to stderr\n");
}
lines();

exports.handler = async function (event, context) {
  see("in the handler: frames", frames());
  see("in the handler: globals", globals());
  see("in the handler: arguments", Array.from(arguments, described));
  see("in the handler: this", [described(this), this && Object.keys(this).length > 0]);
  see("context", members(context));
  see("context: prototype", [Object.getPrototypeOf(context) === Object.prototype, Object.keys(context)]);
  see("context: values", { ...context, getRemainingTimeInMillis: context.getRemainingTimeInMillis() > 0 });
  see("context: remaining", [String(context.getRemainingTimeInMillis.name), typeof context.getRemainingTimeInMillis()]);
  see("event", [described(event), event]);
  see("variables in the handler", Object.keys(process.env).sort());
  see("listeners in the handler", process.eventNames().map(String));
  see("symbols", Reflect.ownKeys(globalThis).filter((k) => typeof k === "symbol").map((k) => [String(k), Symbol.keyFor(k) ?? null, described(globalThis[k])]));
  const streamed = globalThis.awslambda.streamifyResponse(async () => {}, { highWaterMark: 12.7 });
  see("streamifyResponse", members(streamed));
  if (globalThis.awslambda.InvokeStore) {
    const store = globalThis.awslambda.InvokeStore;
    store.set("own", 1);
    let refused = null;
    try {
      store.set(store.constructor.PROTECTED_KEYS?.REQUEST_ID ?? Object.getPrototypeOf(store.constructor).PROTECTED_KEYS.REQUEST_ID, "x");
    } catch (e) {
      refused = e.message;
    }
    see("InvokeStore in the handler", [store.getRequestId(), store.getXRayTraceId(), store.hasContext(), store.get("own"), refused]);
  }
  lines();
  return SEEN;
};
