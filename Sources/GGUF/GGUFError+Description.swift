extension GGUFError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .cannotOpen, .notRegularFile, .emptyFile, .cannotMap, .cannotRead, .cannotWrite: fileText
        case .notGGUF, .unsupportedVersion, .bigEndian, .truncated, .headerTooLarge, .tooManyKeys, .tooManyTensors,
            .tooManyForFile:
            headerText
        case .badKey, .duplicateKey, .unknownValueType, .unknownElementType, .nestedArray, .badBool, .badAlignment,
            .splitFile:
            metadataText
        case .missingKey, .wrongType, .outOfRange, .wrongCount, .invalidText, .changedWhileReading: getterText
        default: tensorText
        }
    }

    // The remedies that many messages share.
    private static let damaged = "the file is damaged: fetch or convert it again"
    private static let incomplete = "the download is incomplete: fetch it again"
    private static let reconvert = "convert the model again with a current converter"

    private var fileText: String {
        switch self {
        case .cannotOpen(let path, let reason):
            "cannot open \(displayPath(path)): \(reason); check the path and its permissions"
        case .notRegularFile(let path, let kind):
            "cannot open \(displayPath(path)): it is \(kind); give the path of a GGUF file"
        case .emptyFile(let path): "\(displayPath(path)) is empty; \(Self.incomplete)"
        case .cannotMap(let path, let reason):
            "cannot map \(displayPath(path)) into memory: \(reason); check the limits on address space (ulimit -v)"
        case .cannotRead(let path, let offset, let reason):
            "cannot read \(displayPath(path)) at byte \(offset): \(reason); start again when nobody writes to it"
        case .cannotWrite(let path, let step, let reason):
            "cannot write \(displayPath(path)): \(reason) (\(step)); the target was left as it was"
        default: ""
        }
    }

    private var headerText: String {
        switch self {
        case .notGGUF(let path, let magic):
            "\(displayPath(path)) is not a GGUF file: it begins with \(hex(magic)); \(Self.magicRemedy(magic))"
        case .unsupportedVersion(1):
            "the file has GGUF version 1, which is no longer read; \(Self.reconvert)"
        case .unsupportedVersion(let version):
            "the file has GGUF version \(version), but only versions 2 and 3 are known; "
                + (version == 0 ? Self.damaged : "use a newer Carat, or fetch a version 3 file")
        case .bigEndian(let version):
            "the file is a big-endian GGUF of version \(version), which is not read; "
                + "fetch the little-endian file, or convert it with: gguf_convert_endian.py FILE little"
        case .truncated(let place, let offset, let needed, let remaining):
            "\(text(place)) at byte \(offset) needs \(bytes(needed)) but the file has only \(remaining) more; "
                + "the file is incomplete or damaged: fetch it again"
        case .headerTooLarge(let place, let offset, let limit):
            "\(text(place)) at byte \(offset) goes beyond the \(limit) bytes that a header may have; \(Self.damaged)"
        case .tooManyKeys(let count, let limit):
            "the header claims \(count) metadata keys, but at most \(limit) are read; \(Self.damaged)"
        case .tooManyTensors(let count, let limit):
            "the header claims \(count) tensors, but at most \(limit) are read; \(Self.damaged)"
        case .tooManyForFile(let what, let count, let remaining):
            "the header claims \(count) \(what), which do not fit the \(remaining) bytes that follow; "
                + "the file is incomplete or damaged: fetch it again"
        default: ""
        }
    }

    private var metadataText: String {
        switch self {
        case .badKey(let index, let offset, let problem):
            "metadata key number \(index) at byte \(offset) \(text(problem)); \(Self.damaged)"
        case .duplicateKey(let key): "metadata has the key \(displayName(key)) twice; \(Self.damaged)"
        case .unknownValueType(let key, let id, let offset):
            "metadata key \(displayName(key)) at byte \(offset) has a value of type \(id), which GGUF does not define; "
                + Self.damaged
        case .unknownElementType(let key, let id, let offset):
            "metadata key \(displayName(key)) at byte \(offset) has an array of type \(id), which GGUF does not define; "
                + Self.damaged
        case .nestedArray(let key, let offset):
            "metadata key \(displayName(key)) at byte \(offset) has an array of arrays, which is not read; "
                + Self.reconvert
        case .badBool(let key, let value, let offset):
            "metadata key \(displayName(key)) has the value \(value) at byte \(offset) where a bool must be 0 or 1; "
                + Self.damaged
        case .badAlignment(let value):
            "general.alignment is \(value), but must be a power of two from 1 to \(GGUFFile.maximumAlignment); "
                + Self.reconvert
        case .splitFile(let count):
            "the model is split over \(count) files (split.count), which are not read one by one; "
                + "merge them with: llama-gguf-split --merge FIRST-OF-\(count).gguf OUT.gguf"
        default: ""
        }
    }

    private var getterText: String {
        switch self {
        case .missingKey(let key): "metadata has no key \(displayName(key)); \(Self.reconvert)"
        case .wrongType(let key, let expected, let found):
            "metadata key \(displayName(key)) must be of type \(expected) but is \(found); \(Self.reconvert)"
        case .outOfRange(let key, let value, let type):
            "metadata key \(displayName(key)) is \(value), which does not fit \(type); \(Self.damaged)"
        case .wrongCount(let key, let expected, let found):
            "metadata key \(displayName(key)) has \(found) entries but must have \(expected); \(Self.reconvert)"
        case .invalidText(let key): "metadata key \(displayName(key)) is not valid UTF-8; \(Self.reconvert)"
        case .changedWhileReading(let key):
            "metadata key \(displayName(key)) changed while it was read; do not write to a model file in use"
        default: ""
        }
    }

    private var tensorText: String {
        switch self {
        case .badTensorName(let index, let offset, let problem):
            "the name of tensor number \(index) at byte \(offset) \(text(problem)); \(Self.damaged)"
        case .duplicateTensor(let name): "the file has the tensor \(displayName(name)) twice; \(Self.damaged)"
        case .missingTensor(let name): "the file has no tensor \(displayName(name)); \(Self.reconvert)"
        case .tooManyDimensions(let tensor, let count):
            "tensor \(displayName(tensor)) has \(count) dimensions, but at most 4 are defined; \(Self.damaged)"
        case .dimensionTooLarge(let tensor, let index, let value):
            "tensor \(displayName(tensor)) has \(value) as dimension \(index), which is too large; \(Self.damaged)"
        case .shapeTooLarge(let tensor, let shape):
            "tensor \(displayName(tensor)) of shape \(shape) has more bytes than can be counted; \(Self.damaged)"
        case .unknownTensorType(let tensor, let id):
            "tensor \(displayName(tensor)) has type id \(id), which is not known; "
                + "use a newer Carat, or fetch the model in another quantization"
        case .removedTensorType(let tensor, let id, let name):
            "tensor \(displayName(tensor)) has type \(name) (id \(id)), which GGUF no longer has; "
                + "fetch the model in another quantization"
        case .partialBlock(let tensor, let type, let columns):
            "tensor \(displayName(tensor)) has rows of \(columns) elements, not a multiple of the \(type.blockSize) "
                + "in a block of \(type); \(Self.damaged)"
        case .tensorUnaligned(let name, let offset, let alignment):
            "tensor \(displayName(name)) has the offset \(offset), not a multiple of the alignment \(alignment); "
                + Self.damaged
        case .tensorOverlap(let name, let offset, let previous, let previousEnd):
            "tensor \(displayName(name)) has the offset \(offset), but \(displayName(previous)) before it ends at "
                + "\(previousEnd); \(Self.damaged)"
        case .tensorGap(let name, let offset, let expected):
            "tensor \(displayName(name)) has the offset \(offset), but must have \(expected) to follow the one before; "
                + Self.damaged
        case .tensorOffsetTooLarge(let name, let offset, let fileSize):
            "tensor \(displayName(name)) has the offset \(offset), beyond the \(fileSize) bytes of the file; "
                + Self.incomplete
        case .tensorPastEnd(let name, let end, let fileSize):
            "tensor \(displayName(name)) ends at byte \(end) but the file has only \(bytes(UInt64(fileSize))); "
                + Self.incomplete
        case .tensorsTooLarge(let name):
            "the tensors up to \(displayName(name)) have more bytes than can be counted; \(Self.damaged)"
        default: ""
        }
    }

    private func text(_ place: Place) -> String {
        switch place {
        case .header: "the header"
        case .key(let index): "metadata key number \(index)"
        case .valueType(let key): "the type of metadata key \(displayName(key))"
        case .value(let key): "the value of metadata key \(displayName(key))"
        case .tensorName(let index): "the name of tensor number \(index)"
        case .tensorInfo(let name): "the description of tensor \(displayName(name))"
        }
    }

    private func text(_ problem: NameProblem) -> String {
        switch problem {
        case .empty: "is empty"
        case .tooLong(let count, let limit): "has \(count) bytes, but at most \(limit) are allowed"
        case .containsNUL: "contains a NUL byte"
        case .notUTF8: "is not valid UTF-8"
        }
    }

    /// Paths may be long and still need to be read to the end.
    private func displayPath(_ path: String) -> String { displayName(path, limit: 1024) }

    private func bytes(_ count: UInt64) -> String { count == 1 ? "1 byte" : "\(count) bytes" }

    private func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        let pairs = bytes.map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }
        return pairs.isEmpty ? "nothing" : pairs.joined(separator: " ")
    }

    /// What people usually have in hand when it is not a GGUF file.
    private static func magicRemedy(_ magic: [UInt8]) -> String {
        let ggmlFamily: [[UInt8]] = ["lmgg", "fmgg", "tjgg", "algg"].map { Array($0.utf8) }
        if magic.elementsEqual("FUGG".utf8) {
            return "it is written in big-endian byte order: fetch the little-endian file"
        }
        if ggmlFamily.contains(magic) { return "it is a GGML file from before GGUF: \(reconvert)" }
        if magic.starts(with: "PK".utf8) { return "it is a ZIP or PyTorch file: convert the model to GGUF first" }
        if magic.elementsEqual("vers".utf8) {
            return "it looks like a Git LFS pointer: fetch the file itself with: git lfs pull"
        }
        if magic.starts(with: "<".utf8) { return "it looks like a web page: check the address and fetch it again" }
        return "check the path, or fetch the file again"
    }
}
