// SPDX-License-Identifier: Apache-2.0
// Two functions in one package: by its name it streams, or answers as a whole.
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
if (process.env.AWS_LAMBDA_FUNCTION_NAME === "stream")
    exports.handler = awslambda.streamifyResponse(async (event, out) => {
        out.setContentType("text/x-own");
        for (const piece of event.pieces) {
            out.write(piece);
            await wait(100);
        }
        if (event.fail) throw new Error("half way");
        out.end();
    });
else
    exports.handler = async (event, context) => {
        if (event.fail) throw new Error("as asked");
        return { event, custom: context.clientContext?.custom ?? null };
    };
