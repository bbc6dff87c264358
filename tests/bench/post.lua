-- SPDX-License-Identifier: Apache-2.0
-- What wrk sends: an invocation; DELAY milliseconds before each.
wrk.method = "POST"
wrk.body = "{}"
local pause = tonumber(os.getenv("DELAY") or "0")
if pause > 0 then
    function delay() return pause end
end
function done(summary, latency)
    io.write(string.format("RESULT %.0f %.0f %.0f %d\n", latency:percentile(50), latency:percentile(99), summary.requests / (summary.duration / 1e6),
        summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
