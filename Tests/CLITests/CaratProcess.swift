import Foundation
import TestSupport
import Testing

/// The built `carat` program, run as a user runs it.
struct CaratProcess {
    let output: String
    let errors: String
    let code: Int32

    static let program = ServerProcess.program

    /// What the program measures stays among the tests.
    static let cache = FileManager.default.temporaryDirectory.appending(
        path: "carat-cli-cache-\(ProcessInfo.processInfo.processIdentifier)")

    /// Runs to the end; stdin is `input`, or closed.
    init(
        _ arguments: [String], input: Data = Data(), interruptAfter delay: TimeInterval? = nil,
        environment: [String: String] = [:]
    ) throws {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment
            .merging(["XDG_CACHE_HOME": Self.cache.path()]) { $1 }.merging(environment) { $1 }
        let folder = FileManager.default.temporaryDirectory.appending(path: "carat-cli-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // files, not pipes: nothing fills up while nobody reads
        let files = try ["in", "out", "err"].map { name in
            let file = folder.appending(path: name)
            try (name == "in" ? input : Data()).write(to: file)
            return file
        }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        if let delay {
            Thread.sleep(forTimeInterval: delay)
            process.interrupt()
        }
        process.waitUntilExit()
        #expect(process.terminationReason == .exit, "ended by signal \(process.terminationStatus)")
        code = process.terminationStatus
        output = String(decoding: try Data(contentsOf: files[1]), as: UTF8.self)
        errors = String(decoding: try Data(contentsOf: files[2]), as: UTF8.self)
    }
}
