internal import Compute
internal import Foundation
internal import GGUF
public import Gemma
internal import KVStore
internal import Planner

extension EngineSettings {
    /// The store of prefixes in the settings' folder; nil without one.
    func store(_ model: GemmaModel, _ plan: Plan) throws(EngineError) -> KVStore? {
        guard let cacheDirectory else { return nil }
        let c = model.config
        let shape = KVShape(
            layers: c.layers, kvHeads: c.kvHeads, headDim: c.headDim, keys: cacheElement,
            values: valueElement ?? cacheElement)
        let fingerprint = fingerprint(of: model.file.bytes, in: cacheDirectory)
        do {
            return try KVStore(
                directory: cacheDirectory, limit: cacheDirectoryBytes,
                identity: KVIdentity(fingerprint: fingerprint, shape: shape, computation: computation(plan)), log: log)
        } catch {
            throw .cacheFolder(reason: "\(error)")
        }
    }

    /// Everything about the computation on these settings that its last bits depend on, in words.
    public func computation(for model: GemmaModel) -> String {
        computation(plan(for: model.weights.planned))
    }

    func computation(_ plan: Plan) -> String {
        let paths = [1, ubatch].map { n in
            plan.weights.map { plan.choice(layer: $0.layer, $0.weightClass, positions: n).path == .quant ? "q" : "b" }
                .joined()
        }
        // sgemm may add up in another order for another number of positions
        let cut = paths[1].contains("b") ? " ubatch \(ubatch)" : ""
        return "kernels \(Kernels.build) \(kernels.instructionSet.rawValue) paths \(paths[0]) \(paths[1])\(cut)"
    }

    /// SHA-256 of the model file. Reading a large file through takes a second or more, so it is remembered by the file's
    /// identity and time of modification, next to the blocks.
    private func fingerprint(of file: FileBytes, in directory: String) -> [UInt8] {
        guard let identity = file.identityText else { return KVIdentity.fingerprint(of: file) }
        let path = directory + "/fingerprint-" + identity
        if let known = FileManager.default.contents(atPath: path), known.count == 32 { return Array(known) }
        let digest = KVIdentity.fingerprint(of: file)
        try? UserDirectory.create(directory)
        try? ReplacementFile.write([digest[...]], to: path)
        return digest
    }
}
