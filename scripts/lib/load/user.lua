-- SPDX-License-Identifier: Apache-2.0
-- Everybody registers and then logs in, once.
local count = 0
local headers = { ["Content-Type"] = "application/json" }
function request()
    count = count + 1
    local number = math.floor(count / 2)
    if count % 2 == 0 then
        local body = string.format('{"username":"%s%d","email":"%s%d@example.com"}', prefix, number, prefix, number)
        return wrk.format("POST", "/register", headers, body)
    end
    return wrk.format("POST", "/login", headers, string.format('{"username":"%s%d","authToken":"t"}', prefix, number))
end
