internal import Crypto
internal import GGUF
internal import Tokenizer

/// What Carat appends to a file of log-probabilities: who made it, and digests of all that stands before.
///
/// "_carat_1"; the length of a description as UInt32 and its UTF-8; then SHA-256 of the parent's file, of the vocabulary,
/// of header and tokens, and of each window's rows.
package struct LogitsSeal: Sendable, Equatable {
    /// The parent's name and how it was computed, for people.
    package var description: String
    /// Of the parent's model file.
    package var parent: [UInt8]
    var vocabulary: [UInt8]
    var head: [UInt8] = []
    var windows: [[UInt8]] = []

    private static let magic = Array("_carat_1".utf8)
    private static let digestBytes = 32
    private static let descriptionLimit = 4096

    init(description: String, parent: [UInt8], vocabulary: [UInt8]) {
        self.description = String(decoding: description.utf8.prefix(Self.descriptionLimit), as: UTF8.self)
        self.parent = parent
        self.vocabulary = vocabulary
    }

    /// Throws: `EvaluationError.logitsFile` unless it reaches exactly from `start` to the end of the file.
    init(_ bytes: FileBytes, from start: Int, windows count: Int, path: String) throws(EvaluationError) {
        let fault = EvaluationError.logitsFile(
            path: path, fault: "it does not end after its last window, nor with a seal of carat")
        let digests = start + 12
        guard digests <= bytes.count, bytes.array(start..<start + 8) == Self.magic else { throw fault }
        let length = bytes.int32(start + 8)
        let (digestsBytes, overflow) = count.multipliedReportingOverflow(by: Self.digestBytes)
        guard !overflow, (0...Self.descriptionLimit).contains(length),
            digestsBytes <= bytes.count, bytes.count - digests == length + 3 * Self.digestBytes + digestsBytes
        else { throw fault }
        description = String(decoding: bytes.array(digests..<digests + length), as: UTF8.self)
        var offset = digests + length
        func digest() -> [UInt8] {
            offset += Self.digestBytes
            return bytes.array(offset - Self.digestBytes..<offset)
        }
        parent = digest()
        vocabulary = digest()
        head = digest()
        windows = (0..<count).map { _ in digest() }
    }

    var encoded: [UInt8] {
        let text = Array(description.utf8)
        return Self.magic + UInt32(truncatingIfNeeded: text.count).littleEndianBytes + text + parent + vocabulary + head
            + windows.joined()
    }

    /// SHA-256 of all tokens' texts and kinds.
    static func digest(of vocabulary: Vocabulary) -> [UInt8] {
        var hash = SHA256()
        for id in 0..<TokenID(vocabulary.count) {
            let text = vocabulary.text(id)
            let sizes = UInt32(truncatingIfNeeded: text.count).littleEndianBytes
            hash.update(data: sizes + [UInt8(truncatingIfNeeded: vocabulary.kind(id).rawValue)] + text)
        }
        return Array(hash.finalize())
    }
}

extension FixedWidthInteger {
    /// In the order of files.
    var littleEndianBytes: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (8 * Self($0))) }
    }
}
