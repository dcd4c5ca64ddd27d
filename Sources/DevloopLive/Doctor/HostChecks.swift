// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import ImagePack
import Plan
import SwiftBuilder

/// What this machine has of what the plan needs.
struct HostChecks {
    /// Nil without a Devloopfile: then nothing is known to be needed but what every use needs.
    var plan: Plan?

    /// Below this, a build or an image is likely to fail; bytes.
    private static let leastSpace = 500 << 20
    /// A package and its dependencies have some ten thousand folders; the kernel's default was 8,192 for long.
    private static let fewWatches = 65_536
    private static let fewInstances = 128

    private var usesSwift: Bool { plan?.images.contains { $0.swift != nil } ?? true }

    func all() async -> [DoctorReport.Check] {
        var checks = [await swift()]
        checks.append(await objcopy())
        checks.append(
            program("ldd", needed: usesSwift, for: "the libraries of programs", hint: "install libc-bin"))
        checks.append(agent())
        checks.append(engine())
        checks.append(space())
        checks += limits()
        return checks
    }

    private func swift() async -> DoctorReport.Check {
        do {
            return .init(
                "swift", .ok, try await Toolchain.find(environment: LiveEnvironment.variables).version)
        } catch {
            let known = error as? DevloopError
            return .init(
                "swift", usesSwift ? .broken : .unused, known?.message ?? "\(error)", hint: known?.hint)
        }
    }

    private func objcopy() async -> DoctorReport.Check {
        let name = "llvm-objcopy"
        let toolchain = try? await Toolchain.find(environment: LiveEnvironment.variables)
        let found = toolchain?.tool(name, path: LiveEnvironment.variables["PATH"]) ?? HostTools.find(name)
        if let found { return .init(name, .ok, found) }
        return .init(
            name, usesSwift ? .broken : .unused, "it is neither beside the compiler nor on the PATH",
            hint: "install LLVM's tools, or a toolchain that has them")
    }

    private func program(_ name: String, needed: Bool, for use: String, hint: String) -> DoctorReport.Check {
        if let path = HostTools.find(name) { return .init(name, .ok, path) }
        return .init(name, needed ? .broken : .unused, "it is not on the PATH; \(use) need it", hint: hint)
    }

    private func agent() -> DoctorReport.Check {
        do {
            return .init("agent", .ok, try HostPaths.agent())
        } catch {
            let isNeeded = plan?.images.contains { $0.swift?.live == true } ?? true
            return .init("agent", isNeeded ? .broken : .unused, error.message, hint: error.hint)
        }
    }

    private func engine() -> DoctorReport.Check {
        let found = ["docker", "buildah", "podman"].compactMap { name in HostTools.find(name).map { "\(name) \($0)" } }
        if !found.isEmpty { return .init("image builder", .ok, found.joined(separator: ", ")) }
        let isNeeded = plan?.images.contains { $0.docker != nil } ?? false
        return .init(
            "image builder", isNeeded ? .broken : .unused, "docker_build needs docker, buildah or podman",
            hint: "install one of them; swift_image needs none")
    }

    private func space() -> DoctorReport.Check {
        guard let folder = HostPaths.cache() else {
            return .init(
                "disk", .broken, "there is no cache folder", hint: "set HOME or XDG_CACHE_HOME to a folder of yours")
        }
        var info = statvfs()
        guard statvfs(folder, &info) == 0 else {
            return .init("disk", .warning, "\(folder): \(String(cString: strerror(errno)))")
        }
        let free = Int(info.f_bavail) * Int(info.f_frsize)
        let words = "\(free >> 20) MiB free in \(folder)"
        guard free < Self.leastSpace else { return .init("disk", .ok, words) }
        return .init("disk", .broken, words, hint: "make room; \(Self.leastSpace >> 20) MiB is the least to work with")
    }

    private func limits() -> [DoctorReport.Check] {
        [("max_user_watches", Self.fewWatches), ("max_user_instances", Self.fewInstances)].map { name, least in
            let path = "/proc/sys/fs/inotify/\(name)"
            guard let text = Self.kernelValue(path), let value = Int(text) else {
                return .init("inotify", .warning, "\(path) cannot be read")
            }
            guard value < least else { return .init("inotify", .ok, "\(name) \(value)") }
            return .init(
                "inotify", .warning, "\(name) is \(value)",
                hint: "sysctl fs.inotify.\(name)=\(least) lets large trees be watched")
        }
    }

    /// Files of the kernel tell no size, so that they are read to their end.
    private static func kernelValue(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 64)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
        return String(decoding: buffer.prefix { $0 > 0x20 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
