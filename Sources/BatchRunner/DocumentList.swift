internal import Crypto

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The documents of `--docs`, and what each is asked.
///
/// A document's custom_id is its path below the folder, or the path that the pattern gave. They stand in the order of
/// their names' bytes.
public struct DocumentList: Sendable {
    let names: [String]
    let folder: String
    public let question: DocumentQuestion
    /// Longer documents fail alone.
    let limit: Int

    /// `place` is a folder, which is searched to the bottom, or a pattern. Hidden files and `own`, the files that the
    /// batch itself writes, are left out. Throws: `BatchError`.
    public init(
        _ place: String, question: DocumentQuestion, leavingOut own: [String] = [], limit: Int = BatchInput.lineLimit
    ) throws(BatchError) {
        self.question = question
        self.limit = min(max(limit, 1), Int(UInt32.max) - 1)
        let folder = FileIdentity(path: place)?.isFolder == true ? place : ""
        self.folder = folder
        let found = folder.isEmpty ? FileSystem.matches(of: place) : try FileSystem.files(below: place)
        let written = own.map(FileSystem.canonical)
        names = found.filter { name in
            let path = FileSystem.canonical(Self.path(name, in: folder))
            return !written.contains { path == $0 || path.hasPrefix($0 + ".part-") }
        }
        guard !names.isEmpty else { throw .noDocuments(path: place) }
        guard names.count < Int(UInt32.max) else { throw .tooManyLines(path: place) }
    }

    private func path(_ place: Int) -> String { Self.path(names[place], in: folder) }

    private static func path(_ name: String, in folder: String) -> String {
        folder.isEmpty ? name : folder + "/" + name
    }

    /// Reads all documents once.
    func index() throws(BatchError) -> (LineIndex, InputFingerprint) {
        var index = LineIndex()
        var all = SHA256()
        var size = 0
        for (place, name) in names.enumerated() {
            var length: UInt32 = 0
            var prefix = PrefixKey()
            all.update(data: Array(name.utf8) + [0])
            do throws(BatchError) {
                let file = try InputFile(path(place))
                guard !file.isPassing else { throw .notAFile(path: path(place), role: "a document") }
                let (digest, count, beginning) = try Self.summary(of: file)
                all.update(data: Array("\(digest) \(count)\n".utf8))
                size += count
                length = UInt32(exactly: count) ?? .max
                let prompt = question.template.fill(document: String(decoding: beginning, as: UTF8.self), name: name)
                prefix = PrefixKey(prompt.utf8, endpoint: question.endpoint)
            } catch {
                all.update(data: Array("unreadable\n".utf8))
            }
            index.append(
                LineEntry(
                    offset: UInt64(place), id: IDDigest(name), length: length, number: UInt32(place + 1),
                    prefix: prefix))
        }
        return (index, InputFingerprint(sha256: all.finalize().hexadecimal, size: size))
    }

    private static func summary(of file: InputFile) throws(BatchError) -> (String, Int, [UInt8]) {
        var hash = SHA256()
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        var beginning: [UInt8] = []
        var count = 0
        while case let got = try file.read(at: count, into: &chunk), got > 0 {
            hash.update(data: chunk[..<got])
            if count == 0 { beginning = Array(chunk[..<min(got, 64 << 10)]) }
            count += got
        }
        return (hash.finalize().hexadecimal, count, beginning)
    }

    func read(_ entry: LineEntry, created: Int) throws(BatchError) -> Result<BatchLine, LineFault> {
        let place = Int(entry.offset)
        let name = names[place]
        func failure(_ message: String) -> Result<BatchLine, LineFault> {
            .failure(LineFault(customID: name, message: message, code: "unreadable_document"))
        }
        guard entry.length <= limit else {
            return failure("The document has \(entry.length) bytes, and \(limit) are the most.")
        }
        let bytes: [UInt8]
        do throws(BatchError) {
            let file = try InputFile(path(place))
            guard !file.isPassing else { return failure("It is no plain file.") }
            guard file.identity.size == Int(entry.length) else { throw .inputChangedMeanwhile(path: path(place)) }
            bytes = try file.bytes(at: 0, count: Int(entry.length))
        } catch {
            guard case .cannotRead(_, let reason) = error else { throw error }
            return failure("The document cannot be read: \(reason).")
        }
        guard bytes.count == Int(entry.length) else { throw .inputChangedMeanwhile(path: path(place)) }
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        guard let document = String(validating: text, as: UTF8.self) else {
            return failure("The document is not UTF-8. Convert it with iconv, or leave it out.")
        }
        let body = question.body(for: document, name: name)
        return .success(
            BatchLine(
                number: place + 1, customID: name, endpoint: question.endpoint, body: Data(body), created: created,
                document: BatchDocument(text: document, name: name, question: question)))
    }
}
