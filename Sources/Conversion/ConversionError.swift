internal import GGUF
internal import JSON

/// What keeps a Hugging Face folder from being converted.
package enum ConversionError: Error, Equatable, Sendable, CustomStringConvertible {
    // Files
    case cannotRead(path: String, reason: String)
    case noWeights(folder: String, other: String?)
    case missingFile(path: String, purpose: String)
    case json(path: String, reason: String)
    case member(path: String, member: String, expected: String)
    case outputIsInput(path: String)
    case noRoom(path: String, needed: Int, available: Int)

    // Weights
    case incomplete(path: String, what: String)
    case damaged(path: String, what: String)
    case damagedTensor(path: String, tensor: String, what: String)
    case dtype(path: String, tensor: String, dtype: String)
    case index(path: String, what: String)
    case twice(tensor: String, first: String, second: String)
    case missingTensor(String, folder: String)
    case unknownTensor(path: String, tensor: String)
    case shape(path: String, tensor: String, found: [Int], expected: [Int])
    case notFinite(path: String, tensor: String, element: Int)
    case tooLarge(path: String, tensor: String, element: Int, value: Float, type: String)

    // What they mean
    case architecture(path: String, found: String)
    case unsupported(path: String, member: String, value: String, only: String)
    case outOfRange(path: String, member: String, value: String, allowed: String)
    case tokenizer(path: String, what: String)

    package var description: String {
        switch self {
        case .cannotRead, .noWeights, .missingFile, .json, .member, .outputIsInput, .noRoom: fileText
        case .architecture, .unsupported, .outOfRange, .tokenizer: meaningText
        default: weightText
        }
    }

    private static let fetch = "Fetch the file again."

    private var fileText: String {
        switch self {
        case .cannotRead(let path, let reason):
            "cannot read \(path): \(reason). Check the path and its permissions."
        case .noWeights(let folder, let other?):
            """
            \(folder) has \(other) and no model*.safetensors. Save the model in that form first \
            (save_pretrained with safe_serialization=True).
            """
        case .noWeights(let folder, nil):
            "\(folder) has no model*.safetensors. Give the folder of a Hugging Face model."
        case .missingFile(let path, let purpose):
            "there is no \(path), which \(purpose). Fetch it into the folder."
        case .json(let path, let reason):
            "\(path) is not JSON that can be read: \(reason) \(Self.fetch)"
        case .member(let path, let member, let expected):
            "\(path) has no \(expected) as \(member.shown). \(Self.fetch)"
        case .outputIsInput(let path):
            "\(path) is a file of the model that is read. Give -o another name."
        case .noRoom(let path, let needed, let available):
            """
            \(path) will have \(needed / 1_000_000) MB, and its disk has room for \(available / 1_000_000) MB. \
            Make room, or give -o a path on another disk.
            """
        default: ""
        }
    }

    private var weightText: String {
        switch self {
        case .incomplete(let path, let what): "\(path) is incomplete: \(what). \(Self.fetch)"
        case .damaged(let path, let what): "\(path) is damaged: \(what). \(Self.fetch)"
        case .damagedTensor(let path, let tensor, let what):
            "\(path) is damaged: tensor \(tensor.shown): \(what). \(Self.fetch)"
        case .dtype(let path, let tensor, let dtype):
            """
            tensor \(tensor.shown) in \(path) has dtype \(dtype.shown), and F32, F16 and BF16 are converted. \
            Save the model with one of these (torch_dtype), unquantized.
            """
        case .index(let path, let what): "\(path): \(what). Fetch the index and the files that it names again."
        case .twice(let tensor, let first, let second):
            "tensor \(tensor.shown) is in both \(first) and \(second). Remove the file that belongs to another model."
        case .missingTensor(let tensor, let folder):
            "\(folder) lacks the tensor \(tensor). Fetch all of its safetensors files again."
        case .unknownTensor(let path, let tensor):
            "tensor \(tensor.shown) in \(path) is no part of Gemma 1. Merge adapters and remove additions first."
        case .shape(let path, let tensor, let found, let expected):
            """
            tensor \(tensor.shown) in \(path) has the shape \(found), where config.json asks for \(expected). \
            Fetch both again from one model.
            """
        case .notFinite(let path, let tensor, let element):
            """
            element \(element) of tensor \(tensor.shown) in \(path) is no finite number. \
            The model was saved damaged: take another copy of it.
            """
        case .tooLarge(let path, let tensor, let element, let value, let type):
            """
            element \(element) of tensor \(tensor.shown) in \(path) is \(value), more than \(type) can hold. \
            Choose another type: --type \(type == "F16" ? "bf16" : "f32").
            """
        default: ""
        }
    }

    private var meaningText: String {
        switch self {
        case .architecture(let path, let found):
            """
            \(path) describes a model of the architecture \(found), and Carat converts GemmaForCausalLM (Gemma 1). \
            Use a folder of Gemma 2B or 7B, or of a model derived from them.
            """
        case .unsupported(let path, let member, let value, let only):
            "\(path): \(member) is \(value), and \(only) is converted. Save the model in that form first."
        case .outOfRange(let path, let member, let value, let allowed):
            "\(path): \(member) is \(value), where \(allowed) is possible. \(Self.fetch)"
        case .tokenizer(let path, let what): "\(path): \(what). \(Self.fetch)"
        default: ""
        }
    }
}

extension JSONError {
    /// The fault in words that may stand within a sentence.
    var text: String { description.hasSuffix(".") ? String(description.dropLast()) : description }
}
