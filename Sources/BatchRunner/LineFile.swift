internal import Crypto

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A batch file whose lines are indexed, and read one by one when they are wanted.
struct LineFile {
    let file: InputFile
    /// Longer lines fail alone.
    let limit: Int

    /// What is read of a line over the limit, to find its name.
    private static let beginning = 64 << 10

    /// Reads all of the file once. Memory: the index, one line and one chunk.
    func index() throws(BatchError) -> (LineIndex, InputFingerprint) {
        var index = LineIndex()
        var hash = SHA256()
        var splitter = LineSplitter(limit: limit)
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        var offset = 0
        while case let count = try file.read(at: offset, into: &chunk), count > 0 {
            if offset == 0, count >= 2, chunk[0] ^ chunk[1] == 0x01, chunk[0] >= 0xFE {
                throw .encoding(path: file.path)
            }
            hash.update(data: chunk[..<count])
            offset += count
            var rest = chunk[..<count]
            while let line = splitter.next(&rest) { try append(line, to: &index) }
        }
        if let line = splitter.last() { try append(line, to: &index) }
        index.markDuplicates()
        return (index, InputFingerprint(sha256: hash.finalize().hexadecimal, size: offset))
    }

    private func append(_ line: LineSplitter.Line, to index: inout LineIndex) throws(BatchError) {
        guard let number = UInt32(exactly: line.number), let length = UInt32(exactly: line.length) else {
            throw .tooManyLines(path: file.path)
        }
        func entry(_ name: String, _ prefix: PrefixKey, _ kind: LineEntry.Kind) -> LineEntry {
            LineEntry(
                offset: UInt64(line.offset), id: IDDigest(name), length: length, number: number, prefix: prefix,
                kind: kind)
        }
        if line.isCut {
            let name = LineParser.customID(ofBeginning: Array(line.bytes.prefix(Self.beginning)), number: line.number)
            return index.append(entry(name, PrefixKey(), .oversized))
        }
        do {
            let envelope = try LineParser.parse(line.bytes, number: line.number)
            let prefix = PrefixKey(line.bytes[envelope.prompt], endpoint: envelope.endpoint)
            index.append(entry(envelope.customID, prefix, .good))
        } catch {
            index.append(entry(error.customID, PrefixKey(), .bad))
        }
    }

    /// Reads a line again. Throws: `BatchError` when it is no longer the line that was indexed.
    func read(_ entry: LineEntry, created: Int) throws(BatchError) -> Result<BatchLine, LineFault> {
        let number = Int(entry.number)
        let isWhole = entry.kind == .good || entry.kind == .bad
        let length = isWhole ? Int(entry.length) : min(Int(entry.length), Self.beginning)
        let bytes = try file.bytes(at: Int(entry.offset), count: length)
        guard bytes.count == length else { throw .inputChangedMeanwhile(path: file.path) }
        let result = result(entry, bytes, number, created)
        guard IDDigest(result.customID) == entry.id else { throw .inputChangedMeanwhile(path: file.path) }
        return result
    }

    private func result(
        _ entry: LineEntry, _ bytes: [UInt8], _ number: Int, _ created: Int
    ) -> Result<BatchLine, LineFault> {
        switch entry.kind {
        case .good, .bad:
            return Result { () throws(LineFault) in
                let envelope = try LineParser.parse(bytes, number: number)
                return BatchLine(
                    number: number, customID: envelope.customID, endpoint: envelope.endpoint,
                    body: Data(bytes[envelope.body]), created: created)
            }
        case .duplicate:
            let name = LineParser.customID(ofBeginning: bytes, number: number)
            let message = "Line \(number) has the custom_id of an earlier line: \(name). Give it one of its own."
            return .failure(LineFault(customID: "line-\(number)", message: message))
        case .oversized:
            let message = "Line \(number) has \(entry.length) bytes, and \(limit) are the most."
            let name = LineParser.customID(ofBeginning: bytes, number: number)
            return .failure(LineFault(customID: name, message: message))
        }
    }
}

extension Result<BatchLine, LineFault> {
    /// The name of what comes out.
    package var customID: String {
        switch self {
        case .success(let line): line.customID
        case .failure(let fault): fault.customID
        }
    }
}

/// Cuts chunks of a file into lines.
package struct LineSplitter {
    package struct Line {
        package let number: Int
        package let offset: Int
        package let length: Int
        /// All of the line, or its beginning where it is longer than the limit.
        package let bytes: [UInt8]
        package var isCut: Bool { bytes.count < length }
    }

    let limit: Int
    private var number = 0
    private var offset = 0
    private var length = 0
    private var bytes: [UInt8] = []

    package init(limit: Int) { self.limit = limit }

    /// The next line that is no blank; nil where `chunk` is used up.
    package mutating func next(_ chunk: inout ArraySlice<UInt8>) -> Line? {
        while !chunk.isEmpty {
            let end = chunk.firstIndex(of: 0x0A)
            let piece = chunk[..<(end ?? chunk.endIndex)]
            length += piece.count
            if bytes.count <= limit { bytes += piece.prefix(limit + 1 - bytes.count) }
            guard let end else {
                chunk = []
                return nil
            }
            chunk = chunk[(end + 1)...]
            if let line = take(ending: 1) { return line }
        }
        return nil
    }

    /// A line that the file's end ends.
    package mutating func last() -> Line? { length == 0 ? nil : take(ending: 0) }

    private mutating func take(ending: Int) -> Line? {
        number += 1
        var first = offset
        var kept = bytes
        var whole = length
        offset += length + ending
        bytes.removeAll(keepingCapacity: kept.count <= 1 << 16)
        length = 0
        if number == 1, kept.starts(with: [0xEF, 0xBB, 0xBF]) {
            kept.removeFirst(3)
            first += 3
            whole -= 3
        }
        if kept.count == whole, kept.last == 0x0D {
            kept.removeLast()
            whole -= 1
        }
        if kept.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }), kept.count == whole { return nil }
        return Line(number: number, offset: first, length: whole, bytes: kept)
    }
}
