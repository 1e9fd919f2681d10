import Compute
import GGUF
import Gemma
import Tokenizer

/// The facts that `carat inspect` shows, named as its JSON names them.
struct FileReport: Encodable {
    struct TypeCount: Encodable {
        let type: String
        let tensors: Int
        let bytes: Int
        let parameters: Int
    }

    struct Tensor: Encodable {
        let name: String
        let type: String
        let shape: [Int]
        let offset: Int
        let bytes: Int
    }

    struct Vocabulary: Encodable {
        let model: String
        let size: Int
        let bos: UInt32?
        let eos: UInt32?
        let chat_template: Bool
    }

    struct Memory: Encodable {
        let context_length: Int
        let kv_bytes_per_token_f16: Int
        let kv_bytes_full_context_f16: Int
        let working_bytes: Int
        let expected_bytes_full_context: Int
    }

    let file: String
    let bytes: Int
    let gguf_version: UInt32
    let alignment: Int
    let architecture: String?
    let name: String?
    let parameters: Int
    let bits_per_weight: Double
    let hyper_parameters: [String: String]
    let types: [TypeCount]
    let vocabulary: Vocabulary?
    let memory: Memory?
    /// Why Carat cannot run the file; nil when it can.
    let not_runnable: String?
    let tensors: [Tensor]?

    init(_ file: GGUFFile, name: String, withTensors: Bool) {
        self.file = name
        bytes = file.bytes.count
        gguf_version = file.version
        alignment = file.alignment
        architecture = (try? file.metadata.string("general.architecture")) ?? nil
        self.name = (try? file.metadata.string("general.name")) ?? nil
        parameters = file.tensors.reduce(0) { $0 + $1.elementCount }
        let tensorBytes = file.tensors.reduce(0) { $0 + $1.byteCount }
        bits_per_weight = parameters > 0 ? Double(tensorBytes) * 8 / Double(parameters) : 0
        types = Dictionary(grouping: file.tensors, by: \.type.name).map { type, tensors in
            TypeCount(
                type: type, tensors: tensors.count, bytes: tensors.reduce(0) { $0 + $1.byteCount },
                parameters: tensors.reduce(0) { $0 + $1.elementCount })
        }.sorted { ($0.bytes, $1.type) > ($1.bytes, $0.type) }

        let prefix = (architecture ?? "?") + "."
        hyper_parameters = file.metadata.keys.reduce(into: [:]) { values, key in
            guard key.hasPrefix(prefix), let value = file.metadata[key]?.shown else { return }
            values[String(key.dropFirst(prefix.count))] = value
        }
        let metadata = file.metadata
        vocabulary = (try? metadata.stringArray("tokenizer.ggml.tokens")).flatMap { $0 }.map { tokens in
            Vocabulary(
                model: ((try? metadata.string("tokenizer.ggml.model")) ?? nil) ?? "unknown", size: tokens.count,
                bos: (try? metadata.uint32("tokenizer.ggml.bos_token_id")) ?? nil,
                eos: (try? metadata.uint32("tokenizer.ggml.eos_token_id")) ?? nil,
                chat_template: metadata["tokenizer.chat_template"] != nil)
        }
        do {
            let model = try GemmaModel(file)
            memory = Memory(model)
            not_runnable = nil
        } catch {
            memory = nil
            not_runnable = "\(error)"
        }
        tensors =
            withTensors
            ? file.tensors.map {
                Tensor(name: $0.name, type: $0.type.name, shape: $0.shape, offset: $0.offset, bytes: $0.byteCount)
            } : nil
    }
}

extension FileReport.Memory {
    init(_ model: GemmaModel) {
        let c = model.config
        context_length = c.contextLength
        kv_bytes_per_token_f16 = c.kvBytesPerToken(keys: .f16, values: .f16)
        let (full, overflow) = kv_bytes_per_token_f16.multipliedReportingOverflow(by: c.contextLength)
        kv_bytes_full_context_f16 = overflow ? .max : full
        working_bytes = Gemma.workingBytes(c, vocabularyCount: model.tokenizer.vocabulary.count, ubatch: 512)
        let needs = model.file.bytes.count + working_bytes
        let (sum, sumOverflow) = kv_bytes_full_context_f16.addingReportingOverflow(needs)
        expected_bytes_full_context = sumOverflow ? .max : sum
    }
}

extension Metadata.Value {
    /// The value in short, for people.
    var shown: String {
        switch self {
        case .uint8(let n): "\(n)"
        case .int8(let n): "\(n)"
        case .uint16(let n): "\(n)"
        case .int16(let n): "\(n)"
        case .uint32(let n): "\(n)"
        case .int32(let n): "\(n)"
        case .uint64(let n): "\(n)"
        case .int64(let n): "\(n)"
        case .float32(let x): "\(x)"
        case .float64(let x): "\(x)"
        case .bool(let flag): "\(flag)"
        case .string(let text): FileReport.clean(String((text.text ?? "(not UTF-8)").prefix(200)))
        case .array(let array): "\(array.count) values (\(typeName))"
        }
    }
}
