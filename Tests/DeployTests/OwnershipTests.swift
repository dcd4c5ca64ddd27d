// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Plan
import Testing

/// What may be deleted, what is remembered, and who works where.
@Suite(.timeLimit(.minutes(1)))
struct OwnershipTests {
    private static func object(_ annotations: JSONObject?, isEnding: Bool = false) -> JSONValue {
        var metadata: JSONObject = ["name": "x"]
        if let annotations { metadata["annotations"] = .object(annotations) }
        if isEnding { metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z" }
        return ["metadata": .object(metadata)]
    }

    static let owner = Ownership.Owner(namespace: "dev", project: "shop")

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var live: JSONValue?
        var fate: Ownership.Fate
    }

    static let cases: [Case] = [
        Case(testDescription: "none", live: nil, fate: .gone),
        Case(
            testDescription: "on its way out", live: object(["devloop.dev/created": "dev/shop"], isEnding: true),
            fate: .gone),
        Case(testDescription: "was there before", live: object(nil), fate: .foreign),
        Case(testDescription: "has other annotations", live: object(["a": "b"]), fate: .foreign),
        Case(testDescription: "of another project", live: object(["devloop.dev/created": "dev/other"]), fate: .foreign),
        Case(
            testDescription: "of the same project in another namespace",
            live: object(["devloop.dev/created": "x/shop"]),
            fate: .foreign),
        Case(
            testDescription: "a mark that nobody knows", live: object(["devloop.dev/created": "true"]), fate: .foreign),
        Case(testDescription: "ours", live: object(["devloop.dev/created": "dev/shop"]), fate: .delete),
        Case(
            testDescription: "to be kept",
            live: object(["devloop.dev/created": "dev/shop", "devloop.dev/down-policy": "keep"]),
            fate: .kept),
        Case(
            testDescription: "to be kept, as Tilt has it",
            live: object(["devloop.dev/created": "dev/shop", "tilt.dev/down-policy": "keep"]), fate: .kept),
        Case(
            testDescription: "a policy that nobody knows",
            live: object(["devloop.dev/created": "dev/shop", "devloop.dev/down-policy": "maybe"]), fate: .delete),
    ]

    @Test(arguments: cases) func onlyWhatAProjectMadeIsDeleted(_ item: Case) {
        #expect(Ownership.fate(of: item.live, owner: Self.owner) == item.fate)
    }

    @Test func theMarkIsThatOfTheMaker() {
        let wanted = Self.object(["note": "mine"])
        let created = Ownership.marked(wanted, before: nil, owner: Self.owner)
        #expect(created.at("metadata", "annotations") == ["note": "mine", "devloop.dev/created": "dev/shop"])
        // An object that was there gets none, one of another project keeps that.
        #expect(Ownership.marked(wanted, before: Self.object(nil), owner: Self.owner) == wanted)
        let other = Ownership.marked(
            wanted, before: Self.object(["devloop.dev/created": "dev/other"]), owner: Self.owner)
        #expect(Ownership.creator(of: other)?.project == "other")
        #expect(Ownership.marked(wanted, before: created, owner: Self.owner) == created)
    }

    @Test func fieldsAreTakenOverOnlyWhenTheManifestSaysSo() {
        #expect(!Ownership.takesOver(Self.object(nil)))
        #expect(!Ownership.takesOver(Self.object(["devloop.dev/on-conflict": "yes"])))
        #expect(Ownership.takesOver(Self.object(["devloop.dev/on-conflict": "take-over"])))
    }

    @Test(
        arguments: [
            ("/home/ann/shop/Devloopfile", "shop"), ("/home/ann/My Shop_2/Tiltfile", "my-shop-2"),
            ("/home/ann/shop/ci.devloop", "shop-ci-devloop"), ("/Devloopfile", "root"),
            ("/srv/---/Devloopfile", "root"), ("/srv/Ünïcode/Devloopfile", "n-code"),
            ("/\(String(repeating: "a", count: 60))/Devloopfile", String(repeating: "a", count: 40)),
        ]) func aProjectIsNamedAfterItsFolder(_ file: String, _ name: String)
    {
        #expect(ProjectName.of(file) == name)
    }

    // MARK: Inventory

    private static func entry(_ kind: String, _ name: String, apiVersion: String = "v1") -> Inventory.Entry {
        Inventory.Entry(
            ManifestObject([
                "apiVersion": .string(apiVersion), "kind": .string(kind), "metadata": ["name": .string(name)],
            ]), namespace: "shop")
    }

    @Test func anInventoryKnowsWhichJobsEndedWell() {
        var inventory = Inventory(project: "shop")
        let job = Self.entry("Job", "migrate", apiVersion: "batch/v1")
        func add() -> Bool { inventory.add([job, Self.entry("ConfigMap", "a")]) }
        func set(_ mark: String?) -> Bool { inventory.set(success: mark, of: job) }
        #expect(!set("one"))
        #expect(add())
        #expect(set("one"))
        #expect(!set("one"))
        // What is applied again is still the same entry, and keeps it.
        #expect(!add())
        #expect(Inventory(project: "shop", inventory.json).success(of: job) == "one")
        #expect(Inventory(project: "shop", inventory.json).success(of: Self.entry("ConfigMap", "a")) == nil)
        #expect(set(nil))
        #expect(inventory.success(of: job) == nil)
        #expect(set("two"))
        func forget() -> Bool { inventory.remove([job]) }
        #expect(forget())
        #expect(add())
        #expect(inventory.success(of: job) == nil)
    }

    @Test func anInventorySurvivesItsConfigMap() {
        var inventory = Inventory(project: "shop")
        func changed(adding entries: [Inventory.Entry]) -> Bool { inventory.add(entries) }
        #expect(
            changed(adding: [Self.entry("ConfigMap", "a"), Self.entry("Deployment", "web", apiVersion: "apps/v1")]))
        inventory.holder = SessionHolder(
            user: "ann", host: "laptop", process: 4711, command: "up", since: WallTime(milliseconds: 1000),
            renewed: WallTime(milliseconds: 2000))
        #expect(Inventory(project: "shop", inventory.json) == inventory)
        #expect(inventory.json.at("metadata", "name") == "devloop-shop")
        inventory.holder = nil
        #expect(Inventory(project: "shop", inventory.json) == inventory)
    }

    @Test(
        arguments: [
            [:], ["data": [:]], ["data": ["objects": "{", "holder": "[]"]],
            ["data": ["objects": "[1, {\"kind\": \"X\"}]", "holder": "{\"user\": 1}"]],
        ] as [JSONValue]) func whatCannotBeReadIsLeftOut(_ map: JSONValue)
    {
        #expect(Inventory(project: "shop", map) == Inventory(project: "shop"))
    }

    @Test func oneObjectIsWrittenDownOnce() {
        var inventory = Inventory(project: "shop")
        func changed(adding entries: [Inventory.Entry]) -> Bool { inventory.add(entries) }
        func changed(removing entries: Set<Inventory.Entry>) -> Bool { inventory.remove(entries) }
        #expect(changed(adding: [Self.entry("Ingress", "web", apiVersion: "extensions/v1beta1")]))
        // The version is no part of what makes an object the same one, the group is.
        #expect(!changed(adding: [Self.entry("Ingress", "web", apiVersion: "extensions/v1")]))
        #expect(changed(adding: [Self.entry("Ingress", "web", apiVersion: "networking.k8s.io/v1")]))
        #expect(inventory.entries.count == 2)
        #expect(
            inventory.left(keeping: [Self.entry("Ingress", "web", apiVersion: "extensions/v1")]).map(\.apiVersion) == [
                "networking.k8s.io/v1"
            ])
        #expect(changed(removing: [Self.entry("Ingress", "web", apiVersion: "extensions/v2")]))
        #expect(!changed(removing: [Self.entry("Ingress", "web", apiVersion: "extensions/v2")]))
        #expect(inventory.entries.count == 1)
    }

    @Test func anEntryFindsItsObject() {
        let object = Self.entry("ConfigMap", "a").object
        #expect(object.json["metadata"] == ["name": "a", "namespace": "shop"])
        #expect(object.apiVersion == "v1")
    }

    // MARK: Who works here

    private static func holder(
        host: String = "laptop", process: Int = 1, since: Int64 = 0, renewed: Int64
    ) -> SessionHolder {
        SessionHolder(
            user: "ann", host: host, process: process, command: "up", since: WallTime(milliseconds: since),
            renewed: WallTime(milliseconds: renewed))
    }

    struct Claim: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var holder: SessionHolder?
        var wanted: String
    }

    /// Seen by process 7 of `laptop` that began at 50 s, at 100 s; of the others there process 3 runs.
    static let claims: [Claim] = [
        Claim(testDescription: "nobody", holder: nil, wanted: "free"),
        Claim(testDescription: "itself", holder: holder(process: 7, since: 50_000, renewed: 90_000), wanted: "ours"),
        Claim(testDescription: "a process that runs", holder: holder(process: 3, renewed: 95_000), wanted: "held"),
        Claim(testDescription: "a process that is gone", holder: holder(process: 4, renewed: 99_000), wanted: "stale"),
        Claim(
            testDescription: "one that had this number before",
            holder: holder(process: 7, since: 10_000, renewed: 99_000),
            wanted: "stale"),
        Claim(
            testDescription: "a process that runs and says nothing", holder: holder(process: 3, renewed: 50_000),
            wanted: "stale"),
        Claim(
            testDescription: "another machine, just now", holder: holder(host: "other", process: 4, renewed: 61_000),
            wanted: "held"),
        Claim(
            testDescription: "another machine, silent", holder: holder(host: "other", process: 3, renewed: 59_999),
            wanted: "stale"),
        Claim(
            testDescription: "another machine whose clock is ahead",
            holder: holder(host: "other", process: 4, renewed: 500_000), wanted: "held"),
    ]

    @Test(arguments: claims) func aSessionKnowsWhoWorksHere(_ item: Claim) {
        let me = Self.holder(process: 7, since: 50_000, renewed: 100_000)
        switch me.claim(against: item.holder, isRunning: { $0 == 3 }) {
        case .free: #expect(item.wanted == "free")
        case .ours: #expect(item.wanted == "ours")
        case .stale(let other):
            #expect(item.wanted == "stale")
            #expect(other == item.holder)
        case .held(let other):
            #expect(item.wanted == "held")
            #expect(other == item.holder)
        }
    }

    @Test func aHolderSaysWhoWhereAndSinceWhen() {
        #expect(
            Self.holder(process: 42, since: 1000, renewed: 2000).text
                == "devloop up of ann@laptop, process 42, since 1970-01-01T00:00:01.000Z")
    }
}
