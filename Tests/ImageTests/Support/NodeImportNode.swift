// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Hashing
import ImageDelivery
import ImagePack
import ProcessRunner

extension NodeImportTests {
    /// The runtime of the node that `KUBECONFIG` leads to; its socket lies beside that file.
    struct Node {
        let socket: String

        /// - Throws: when there is no such cluster: these tests are never skipped.
        init() throws {
            let path = ProcessEnvironment.value("KUBECONFIG") ?? ""
            let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
            socket = "\(folder)/run/containerd.sock"
            guard TestFiles.exists(socket) else {
                throw DevloopError(
                    .kubeconfig, "KUBECONFIG does not lead to the cluster of scripts/cluster",
                    hint: "start it: scripts/cluster up; eval \"$(scripts/cluster env)\"")
            }
        }

        @discardableResult
        func images(_ words: String...) async throws -> ProcessResult {
            try await ProcessRunner.run(ProcessCommand(["ctr", "-a", socket, "-n", "k8s.io", "images"] + words))
        }

        /// Whether the node has the image with all its layers.
        func has(_ image: PackedImage) async throws -> Bool {
            let name = ImageReference.canonical(image.reference)
            return try await images("check", "name==\(name)").outputText.split(separator: "\n")
                .contains { $0.contains(image.manifestDigest.oci) && $0.contains("complete") }
        }

        func hasBlob(_ digest: ContentDigest) async throws -> Bool {
            let result = try await ProcessRunner.run(
                ProcessCommand(["ctr", "-a", socket, "-n", "k8s.io", "content", "ls", "-q"]))
            return result.outputText.contains(digest.oci)
        }

        func remove(_ image: PackedImage) async throws {
            try await remove(ImageReference.canonical(image.reference), image.configurationDigest)
        }

        /// The pin of an image too.
        func removeAll(_ image: PackedImage) async throws {
            try await remove(image)
            if let pin = ImagePin(of: image) { try await remove(pin.reference, pin.configurationDigest) }
        }

        /// By both names, once Kubernetes' part of containerd has given it the second, as the kubelet removes images;
        /// `--sync` runs the garbage collector to its end.
        private func remove(_ name: String, _ id: ContentDigest) async throws {
            guard try await !names(name).isEmpty else { return }
            _ = try await poll { try await !names(id.oci).isEmpty }
            try await images("rm", "--sync", name, id.oci)
        }

        /// Names of images of the node that hold a word.
        func names(_ word: String) async throws -> [String] {
            try await images("ls", "-q").outputText.split(separator: "\n").map(String.init).filter { $0.contains(word) }
        }

        /// The import of the node's containerd as the tool makes it.
        func settings(_ change: (inout NodeImport.Settings) -> Void = { _ in }) -> NodeImport.Settings {
            let runtime = NodeRuntime.containerd(socket: socket)
            var settings = NodeImport.Settings(command: ProcessCommand(runtime.importCommand(asRoot: false)))
            settings.pins = true
            settings.keepsReady = true
            settings.removal = { runtime.removeCommand($0, asRoot: false).map { ProcessCommand($0) } }
            change(&settings)
            return settings
        }

        func delivery(_ memory: DeliveryMemory?) -> NodeImport { NodeImport(settings(), memory: memory) }
    }
}
