-- SPDX-License-Identifier: Apache-2.0
-- Of ten requests eight list a page of ten links, one adds somebody's link and one takes it away.
local count, added = 0, 0
local headers = { ["Content-Type"] = "application/json" }
function request()
    count = count + 1
    local step = count % 10
    if step == 1 then
        added = added + 1
        local body = string.format('{"url":"http://127.0.0.1/%d","title":"t","username":"%s%d"}', added, prefix, added)
        return wrk.format("POST", "/links", headers, body)
    elseif step == 2 then
        return wrk.format("DELETE", string.format("/links?username=%s%d&url=http://127.0.0.1/%d", prefix, added, added))
    end
    return wrk.format("GET", "/links?username=reader")
end
