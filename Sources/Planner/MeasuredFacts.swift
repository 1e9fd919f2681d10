internal import Compute

/// Costs and errors that were measured once, in the cache folder.
///
/// What cannot be read, is damaged or belongs to another machine, file or build is measured anew. Nothing here fails:
/// `log` gets a line where something is not as it should be.
public struct MeasuredFacts {
    public let folder: CacheFolder
    public let log: (String) -> Void

    public init(in folder: CacheFolder, log: @escaping (String) -> Void = { _ in }) {
        self.folder = folder
        self.log = log
    }

    /// Whether the folder takes files.
    public var isWritable: Bool {
        do {
            try folder.prepare()
            return true
        } catch {
            log(error.text)
            return false
        }
    }

    private struct Record<Key: Codable & Equatable, Value: Codable>: Codable {
        let key: Key
        let value: Value
    }

    /// The stored value, if it was stored for this key.
    private func load<Key: Codable & Equatable, Value: Codable>(_ key: Key, from file: String) -> Value? {
        do {
            guard let record = try folder.read(Record<Key, Value>.self, from: file) else { return nil }
            if record.key == key { return record.value }
            log("\(folder.path)/\(file) was measured under other conditions")
        } catch {
            log(error.text)
        }
        return nil
    }

    private func store<Key: Codable & Equatable, Value: Codable>(_ value: Value, for key: Key, in file: String) -> Bool
    {
        do {
            try folder.write(Record(key: key, value: value), to: file)
            return true
        } catch {
            log(error.text)
            return false
        }
    }

    public func costs(of machine: MachineIdentity) -> MachineCosts? {
        guard let costs: MachineCosts = load(machine, from: machine.fileName) else { return nil }
        guard costs.isPlausible, costs.threads == machine.threads else {
            log("\(folder.path)/\(machine.fileName) holds numbers that are no costs")
            return nil
        }
        return costs
    }

    /// False where it could not be stored.
    public func store(_ costs: MachineCosts, of machine: MachineIdentity) -> Bool {
        store(costs, for: machine, in: machine.fileName)
    }

    public func errors(of model: ModelIdentity) -> ErrorTable? {
        guard let table: ErrorTable = load(model, from: model.fileName) else { return nil }
        guard !table.entries.isEmpty, table.entries.allSatisfy({ ErrorTable.plausible.contains($0.error) }) else {
            log("\(folder.path)/\(model.fileName) holds no errors, or numbers that are none")
            return nil
        }
        return table
    }

    /// False where it could not be stored.
    public func store(_ errors: ErrorTable, of model: ModelIdentity) -> Bool {
        store(errors, for: model, in: model.fileName)
    }
}

/// What measured errors belong to.
public struct ModelIdentity: Sendable, Codable, Hashable {
    public let size: Int
    public let modifiedSeconds: Int64
    public let modifiedNanoseconds: Int64
    public let headerHash: UInt64
    public let kernelBuild: String

    public init(size: Int, modifiedSeconds: Int64, modifiedNanoseconds: Int64, headerHash: UInt64) {
        self.size = size
        self.modifiedSeconds = modifiedSeconds
        self.modifiedNanoseconds = modifiedNanoseconds
        self.headerHash = headerHash
        kernelBuild = Kernels.build
    }

    var fileName: String {
        let parts = "\(size) \(modifiedSeconds) \(modifiedNanoseconds) \(headerHash) \(kernelBuild)"
        return "errors-" + FNV1a.hex(parts) + ".json"
    }
}
