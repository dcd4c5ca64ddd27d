-- SPDX-License-Identifier: Apache-2.0
-- Makes the requests of the script that is named, with names that begin with the second argument; the third is how many
-- milliseconds a connection rests before each, 0 for none. Prints one line: requests a second, the median and the slowest
-- hundredth in milliseconds, and how many were refused.
function init(arguments)
    prefix = arguments[2]
    local rest = tonumber(arguments[3])
    if rest > 0 then
        delay = function() return rest end
    end
    dofile(arguments[1])
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("load: %.1f %.2f %.2f %d\n", summary.requests / summary.duration * 1e6,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
