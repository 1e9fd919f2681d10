/// Why a GGUF file cannot be opened, read or written.
///
/// The associated values are the facts, as they stand in the file; ``description`` says what and where in one
/// sentence and the remedy in another, on one line whatever the file's names contain.
public enum GGUFError: Error, Equatable, Sendable {
    /// What a position in the header holds.
    public enum Place: Equatable, Sendable {
        case header
        /// The name, or the length of the name, of the metadata key with this number, from 0.
        case key(index: UInt64)
        case valueType(key: String)
        case value(key: String)
        case tensorName(index: UInt64)
        case tensorInfo(name: String)
    }

    // The file as a whole
    case cannotOpen(path: String, reason: String)
    case notRegularFile(path: String, kind: String)
    case emptyFile(path: String)
    case cannotMap(path: String, reason: String)
    case cannotRead(path: String, offset: Int, reason: String)
    case cannotWrite(path: String, step: String, reason: String)

    // Header
    case notGGUF(path: String, magic: [UInt8])
    case unsupportedVersion(UInt32)
    case bigEndian(version: UInt32)
    case truncated(Place, offset: Int, needed: UInt64, remaining: Int)
    case headerTooLarge(Place, offset: Int, limit: Int)
    case tooManyKeys(count: UInt64, limit: Int)
    case tooManyTensors(count: UInt64, limit: Int)
    case tooManyForFile(what: String, count: UInt64, remaining: Int)

    // Metadata, as the file has it
    case badKey(index: UInt64, offset: Int, problem: NameProblem)
    case duplicateKey(String)
    case unknownValueType(key: String, id: UInt32, offset: Int)
    case unknownElementType(key: String, id: UInt32, offset: Int)
    case nestedArray(key: String, offset: Int)
    case badBool(key: String, value: UInt8, offset: Int)
    case badAlignment(UInt32)
    case splitFile(count: Int)

    // Metadata, as the reader wants it
    case missingKey(String)
    case wrongType(key: String, expected: String, found: String)
    case outOfRange(key: String, value: String, type: String)
    case wrongCount(key: String, expected: Int, found: Int)
    case invalidText(key: String)
    case changedWhileReading(key: String)

    // Tensors
    case badTensorName(index: UInt64, offset: Int, problem: NameProblem)
    case duplicateTensor(String)
    case missingTensor(String)
    case tooManyDimensions(tensor: String, count: UInt32)
    case dimensionTooLarge(tensor: String, index: Int, value: UInt64)
    case shapeTooLarge(tensor: String, shape: [Int])
    case unknownTensorType(tensor: String, id: UInt32)
    case removedTensorType(tensor: String, id: UInt32, name: String)
    case partialBlock(tensor: String, type: TensorType, columns: Int)
    case tensorUnaligned(String, offset: UInt64, alignment: Int)
    case tensorOverlap(String, offset: UInt64, previous: String, previousEnd: UInt64)
    case tensorGap(String, offset: UInt64, expected: UInt64)
    case tensorOffsetTooLarge(String, offset: UInt64, fileSize: Int)
    case tensorPastEnd(String, end: UInt64, fileSize: Int)
    case tensorsTooLarge(String)

    /// What is wrong with the name of a key or tensor.
    public enum NameProblem: Equatable, Sendable {
        case empty
        case tooLong(bytes: UInt64, limit: Int)
        case containsNUL
        case notUTF8
    }
}
