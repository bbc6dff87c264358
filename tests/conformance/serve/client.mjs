// SPDX-License-Identifier: Apache-2.0
// The AWS SDK for JavaScript against lrun serve: client.mjs ENDPOINT. Prints "all good".
import assert from "node:assert";
import { LambdaClient, InvokeCommand, InvokeWithResponseStreamCommand } from "@aws-sdk/client-lambda";

const client = new LambdaClient({ endpoint: process.argv[2], region: "us-east-1", credentials: { accessKeyId: "x", secretAccessKey: "y" }, maxAttempts: 1 });
const text = (bytes) => Buffer.from(bytes).toString();
const invoke = (payload, more = {}) => client.send(new InvokeCommand({ FunctionName: "fn", Payload: JSON.stringify(payload), ...more }));

let r = await invoke({ n: 1 }, { LogType: "Tail", ClientContext: Buffer.from('{"custom":{"a":"b"}}').toString("base64") });
assert.equal(r.StatusCode, 200);
assert.equal(r.ExecutedVersion, "$LATEST");
assert.equal(r.FunctionError, undefined);
assert.deepEqual(JSON.parse(text(r.Payload)), { event: { n: 1 }, custom: { a: "b" } });
assert.match(text(Buffer.from(r.LogResult, "base64")), /REPORT RequestId: /);
r = await invoke({ fail: true });
assert.equal(r.FunctionError, "Unhandled");
assert.equal(JSON.parse(text(r.Payload)).errorMessage, "as asked");
assert.equal((await invoke({}, { InvocationType: "Event" })).StatusCode, 202);
assert.equal((await invoke({}, { InvocationType: "DryRun" })).StatusCode, 204);
await assert.rejects(invoke({}, { FunctionName: "other" }), { name: "ResourceNotFoundException" });
await assert.rejects(client.send(new InvokeCommand({ FunctionName: "fn", Payload: "{" })), { name: "InvalidRequestContentException" });

async function stream(payload, name = "stream", more = {}) {
    const answer = await client.send(new InvokeWithResponseStreamCommand({ FunctionName: name, Payload: JSON.stringify(payload), ...more }));
    let body = "", end;
    const at = [];
    for await (const e of answer.EventStream) {
        if (e.PayloadChunk) { body += text(e.PayloadChunk.Payload); at.push(Date.now()); }
        if (e.InvokeComplete) end = e.InvokeComplete;
    }
    return { answer, body, end, at };
}
let s = await stream({ pieces: ["one ", "two ", "three"] }, "stream", { LogType: "Tail" });
assert.equal(s.body, "one two three");
assert.equal(s.answer.ResponseStreamContentType, "application/vnd.amazon.eventstream"); // what the client makes of the HTTP header
assert.ok(s.end.LogResult && !s.end.ErrorCode);
assert.ok(s.at.at(-1) - s.at[0] > 100, "pieces arrive as they were sent");
s = await stream({ pieces: ["begun "], fail: true });
assert.equal(s.body, "begun ");
assert.ok(s.end.ErrorCode && /half way/.test(s.end.ErrorDetails), JSON.stringify(s.end));
s = await stream({ n: 2 }, "fn");
assert.deepEqual(JSON.parse(s.body), { event: { n: 2 }, custom: null });
console.log("all good");
