/// The pieces of a SentencePiece model file (tokenizer.model).
///
/// Source: sentencepiece_model.proto of the SentencePiece project: ModelProto has pieces as field 1 and the trainer's
/// settings as field 2, the normalizer's as field 3.
struct SentencePieceModel {
    enum Kind: UInt64 {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    struct Piece {
        let text: ArraySlice<UInt8>
        let score: Float
        let kind: Kind
    }

    let pieces: [Piece]
    /// Whether the settings of trainer or normalizer follow the pieces. Every complete file has them: where they are
    /// missing, the file was cut, and at a field's end nothing else tells.
    let isComplete: Bool

    /// Gemma's model file has 4 MB.
    static let maximumSize = 32 << 20

    /// Throws: ``ConversionError``, naming the piece.
    init(_ path: String) throws(ConversionError) {
        try self.init(try SourceFile.contents(path, limit: Self.maximumSize), path: path)
    }

    init(_ bytes: [UInt8], path: String) throws(ConversionError) {
        var pieces: [Piece] = []
        var isComplete = false
        do {
            var reader = ProtobufReader(bytes)
            while let (field, value) = try reader.next() {
                switch (field, value) {
                case (1, .range(let range)): pieces.append(try Self.piece(bytes, range, number: pieces.count))
                case (2, .range(let range)):
                    try Self.checkTrainer(bytes, range)
                    isComplete = true
                case (3, .range): isComplete = true
                default: continue
                }
            }
        } catch let fault as ProtobufReader.Fault {
            throw .tokenizer(path: path, what: "byte \(fault.byte) has \(fault.what)")
        } catch let bad as BadModel {
            throw .tokenizer(path: path, what: bad.what)
        } catch {
            throw .tokenizer(path: path, what: "\(error)")
        }
        guard !pieces.isEmpty else {
            throw .tokenizer(path: path, what: "it is no SentencePiece model: it has no pieces")
        }
        guard pieces.contains(where: { $0.kind == .unknown }) else {
            throw .tokenizer(path: path, what: "no piece stands for what is unknown")
        }
        self.pieces = pieces
        self.isComplete = isComplete
    }

    private struct BadModel: Error {
        let what: String
    }

    private static func piece(_ bytes: [UInt8], _ range: Range<Int>, number: Int) throws -> Piece {
        var text: Range<Int>?
        var score: Float = 0
        var kind = Kind.normal
        var reader = ProtobufReader(bytes, range)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .range(let range)): text = range
            case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
            case (3, .number(let code)):
                guard let known = Kind(rawValue: code) else {
                    throw BadModel(what: "piece \(number) is of the unknown kind \(code)")
                }
                kind = known
            default: continue
            }
        }
        guard let text, !text.isEmpty else { throw BadModel(what: "piece \(number) has no text") }
        guard score.isFinite else { throw BadModel(what: "the score of piece \(number) is no finite number") }
        return Piece(text: bytes[text], score: score, kind: kind)
    }

    /// Words and characters (3 and 4) as units have no merges.
    private static func checkTrainer(_ bytes: [UInt8], _ range: Range<Int>) throws {
        var reader = ProtobufReader(bytes, range)
        while let (field, value) = try reader.next() {
            if field == 3, case .number(let type) = value, type > 2 {
                throw BadModel(what: "it is of the model type \(type), where unigram (1) and BPE (2) are read")
            }
        }
    }
}
