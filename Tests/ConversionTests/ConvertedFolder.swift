import Conversion
import GGUF
import TestSupport

extension HubFolder {
    /// The GGUF file that the folder becomes. `name` is the folder's own.
    func converted(
        _ type: GemmaConverter.TargetType? = nil, name: String = "tiny-model"
    ) throws -> GGUFFile {
        let scratch = try Scratch()
        try write(to: scratch.path(name))
        let target = scratch.path("out.gguf")
        try GemmaConverter(scratch.path(name), type: type).write(to: target)
        return try GGUFFile(path: target)
    }

    /// Why the folder is not converted; nil if it is.
    func refusal(_ type: GemmaConverter.TargetType? = nil) throws -> ConversionError? {
        do {
            _ = try converted(type)
            return nil
        } catch let error as ConversionError {
            return error
        }
    }
}

extension GGUFFile {
    /// All bytes of the file.
    var copy: [UInt8] { bytes.withSpan { $0.withUnsafeBytes { Array($0) } } }

    /// The data of a tensor.
    func data(_ name: String) throws -> [UInt8] {
        let tensor = try requireTensor(name)
        return bytes.withSpan { span in
            span.extracting(tensor.offset..<tensor.offset + tensor.byteCount).withUnsafeBytes { Array($0) }
        }
    }
}

extension [UInt8] {
    /// The numbers of a tensor in one of the plain formats.
    func floats(_ dtype: String) -> [Float] {
        let bits16 = { (i: Int) in UInt16(self[2 * i]) | UInt16(self[2 * i + 1]) << 8 }
        switch dtype {
        case "F16": return (0..<count / 2).map { Float(Float16(bitPattern: bits16($0))) }
        case "BF16": return (0..<count / 2).map { Float(bitPattern: UInt32(bits16($0)) << 16) }
        default:
            return (0..<count / 4).map { i in
                Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(self[4 * i + $1]) << UInt32(8 * $1) })
            }
        }
    }
}
