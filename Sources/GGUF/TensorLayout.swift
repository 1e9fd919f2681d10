/// Where the tensors of a file lie, after proving that they follow one another and end within the file.
///
/// As in ggml, each tensor begins where the one before it ends, padded to the alignment. A file that breaks this rule
/// either was damaged or wants a reader to touch bytes twice, or bytes that are not there.
struct TensorLayout {
    /// A tensor as the header describes it, with its offset into the data section.
    struct Part {
        let info: TensorInfo
        let offset: UInt64
    }

    let tensors: [TensorInfo]
    /// The start of the data section. Without tensors there may be none, and then it is the end of the file.
    let dataOffset: Int

    init(_ parts: [Part], headerEnd: Int, alignment: Int, fileSize: Int) throws(GGUFError) {
        guard let start = headerEnd.padded(to: alignment) else { throw .tensorsTooLarge("") }
        dataOffset = parts.isEmpty ? min(start, fileSize) : start
        var tensors: [TensorInfo] = []
        tensors.reserveCapacity(parts.count)
        var names: Set<String> = []
        names.reserveCapacity(parts.count)
        var expected = 0  // from the start of the data section, padded
        var previous: (name: String, end: Int)?
        for part in parts {
            let name = part.info.name
            guard names.insert(name).inserted else { throw .duplicateTensor(name) }
            try Self.check(part, expected, previous, alignment: alignment, fileSize: fileSize)
            let (end, tooLong) = expected.addingReportingOverflow(part.info.byteCount)
            let (absolute, tooFar) = start.addingReportingOverflow(expected)
            let (absoluteEnd, endTooFar) = start.addingReportingOverflow(end)
            guard !tooLong, !tooFar, !endTooFar, let next = end.padded(to: alignment) else {
                throw .tensorsTooLarge(name)
            }
            guard absoluteEnd <= fileSize else {
                throw .tensorPastEnd(name, end: UInt64(absoluteEnd), fileSize: fileSize)
            }
            tensors.append(part.info.moved(to: absolute))
            previous = (name, end)
            expected = next
        }
        self.tensors = tensors
    }

    private static func check(
        _ part: Part, _ expected: Int, _ previous: (name: String, end: Int)?, alignment: Int, fileSize: Int
    ) throws(GGUFError) {
        let name = part.info.name
        let offset = part.offset
        guard offset.isMultiple(of: UInt64(alignment)) else {
            throw .tensorUnaligned(name, offset: offset, alignment: alignment)
        }
        if let previous, offset < UInt64(expected) {
            throw .tensorOverlap(
                name, offset: offset, previous: previous.name, previousEnd: UInt64(previous.end))
        }
        guard offset != UInt64(expected) else { return }
        guard offset <= UInt64(fileSize) else {
            throw .tensorOffsetTooLarge(name, offset: offset, fileSize: fileSize)
        }
        throw .tensorGap(name, offset: offset, expected: UInt64(expected))
    }
}
