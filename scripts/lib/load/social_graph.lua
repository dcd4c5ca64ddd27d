-- SPDX-License-Identifier: Apache-2.0
-- Of four requests two follow and unfollow, and two ask who follows whom. A thousand people, fifty followers each.
local count = 0
local headers = { ["Content-Type"] = "application/json" }
function request()
    count = count + 1
    local pair = math.floor(count / 4)
    local followed, follower = pair % 1000, math.floor(pair / 1000) % 50
    local step = count % 4
    if step == 0 then
        local body = string.format('{"followed":"p%d","follower":"f%d"}', followed, follower)
        return wrk.format("POST", "/follow", headers, body)
    elseif step == 1 and pair % 50 == 0 then
        local body = string.format('{"followed":"p%d","follower":"f%d"}', followed, follower)
        return wrk.format("POST", "/unfollow", headers, body)
    elseif step == 2 then
        return wrk.format("GET", string.format("/following/f%d", follower))
    end
    return wrk.format("GET", string.format("/followers/p%d", followed))
end
