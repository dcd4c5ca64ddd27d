// SPDX-License-Identifier: Apache-2.0

import LocalPods
import Testing

struct PortPlanTests {
    private struct Wish {
        var workload: String
        var port: Int
        var isMovable: Bool
        var local: Int
    }

    @Test(
        "Each container port has its own number where that can be had",
        arguments: [
            // (taken by others, wishes in their order with what they get)
            ([], [("a", 8080, true, 8080), ("b", 9090, true, 9090)]),
            ([], [("a", 8080, true, 8080), ("b", 8080, true, 40_000)]),
            ([8080], [("a", 8080, true, 40_000)]),
            // A program that is not told its port has it whatever happens; the second one will say so itself.
            ([8080], [("a", 8080, false, 8080)]),
            ([], [("a", 8080, false, 8080), ("b", 8080, false, 8080)]),
            ([], [("a", 8080, true, 8080), ("b", 8080, false, 8080)]),
        ] as [([Int], [(String, Int, Bool, Int)])])
    func assigns(_ taken: [Int], _ wishes: [(String, Int, Bool, Int)]) {
        var plan = PortPlan()
        var free = 40_000
        for (workload, port, isMovable, _) in wishes {
            plan.assign(PortPlan.Key(workload: workload, port: port), isMovable: isMovable) {
                taken.contains($0)
            } free: {
                defer { free += 1 }
                return free
            }
        }
        for (workload, port, _, local) in wishes { #expect(plan[workload, port] == local) }
    }

    @Test("A port is kept for as long as its workload is there, also when others want it by then")
    func keeps() {
        var plan = PortPlan()
        let first = PortPlan.Key(workload: "a", port: 8080)
        let second = PortPlan.Key(workload: "b", port: 8080)
        plan.assign(first, isMovable: true, isTaken: { _ in false }, free: { nil })
        plan.assign(first, isMovable: true, isTaken: { _ in true }, free: { 1 })
        #expect(plan["a", 8080] == 8080)
        #expect(plan.owner(of: 8080) == first)
        plan.keep([second])
        plan.assign(second, isMovable: true, isTaken: { _ in false }, free: { nil })
        #expect(plan["a", 8080] == nil)
        #expect(plan["b", 8080] == 8080)
    }

    @Test(
        "Variables that name the program's own port",
        arguments: [
            ("PORT", "8080", "4000"), ("HTTP_PORT", "8080", "4000"), ("LISTEN", "0.0.0.0:8080", "0.0.0.0:4000"),
            ("LISTEN", ":8080", ":4000"), ("ADDRESS", "[::]:8080", "[::]:4000"),
            ("LISTEN", "localhost:8080", "localhost:4000"),
            // Numbers that are no ports, ports of others, other numbers.
            ("MAX_LINKS", "8080", "8080"), ("PEER", "peer:8080", "peer:8080"), ("PORT", "8081", "8081"),
            ("PORT", "", ""), ("URL", "http://127.0.0.1:8080/", "http://127.0.0.1:8080/"),
        ])
    func variables(_ name: String, _ value: String, _ expected: String) {
        #expect(PortWords.translated(value, variable: name, [8080: 4000]) == expected)
        let isMentioned = PortWords.mention(8080, variables: [name: value], arguments: [])
        #expect(isMentioned == (value != expected))
    }

    @Test(
        "Arguments that name the program's own port",
        arguments: [
            ("8080", "4000"), ("--port=8080", "--port=4000"), ("--listen=:8080", "--listen=:4000"),
            ("0.0.0.0:8080", "0.0.0.0:4000"), ("--limit", "--limit"), ("--peer=peer:8080", "--peer=peer:8080"),
        ])
    func arguments(_ argument: String, _ expected: String) {
        #expect(PortWords.translated(argument: argument, [8080: 4000]) == expected)
        #expect(PortWords.mention(8080, variables: [:], arguments: [argument]) == (argument != expected))
    }
}
