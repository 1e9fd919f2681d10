public import GGUF

/// A file with one random weight matrix in memory.
public enum TensorFile {
    public static func random(
        _ type: TensorType, rows: Int, columns: Int, scale: Float = 0.05, seed: UInt64 = 7
    ) throws -> (file: GGUFFile, tensor: TensorInfo) {
        var random = SplitMix(seed)
        var writer = GGUFWriter()
        writer.addTensor(
            "w", type: type, shape: [columns, rows],
            bytes: RandomBlocks.bytes(type, count: rows * columns, scale: scale, &random))
        let file = try GGUFFile(bytes: FileBytes(copying: writer.encoded()))
        return (file, try file.requireTensor("w"))
    }
}

extension TensorType {
    /// The types that Carat computes with.
    public static let computable: [TensorType] = [.F32, .F16, .BF16, .Q8_0, .Q2_K, .Q3_K, .Q4_K, .Q5_K, .Q6_K]
}
