import GGUF

/// What the inputs of a model's matrices were in a text: the mean of the squares of each column's activations. Errors
/// of weights in columns with large inputs cost more.
///
/// Source: the file of llama.cpp's imatrix tool, GGUF with `general.type` "imatrix", or its older form.
public struct ImportanceMatrix: Sendable {
    /// As it was given, for the metadata of files that it helps to make.
    public let path: String
    public let datasets: [String]
    public let chunkCount: Int
    /// By the name of the tensor: `columnCount` numbers, for each matrix of it. Columns of a matrix that met no input all
    /// count 1, as llama.cpp has it.
    let entries: [String: [Float]]

    public var count: Int { entries.count }

    /// Throws: ``QuantizerError``, `GGUFError` for what is not such a file, naming it or the tensor.
    public init(path: String) throws {
        let bytes = try FileBytes(mapping: path)
        let isGGUF = bytes.withSpan { span in
            span.byteCount >= 4 && span.extracting(0..<4).withUnsafeBytes { $0.elementsEqual("GGUF".utf8) }
        }
        self.path = path
        if isGGUF {
            (datasets, chunkCount, entries) = try Self.read(GGUFFile(bytes: bytes), path: path)
        } else {
            let legacy = try LegacyImportance(bytes, path: path)
            (datasets, chunkCount, entries) = (legacy.datasets, legacy.chunkCount, legacy.entries)
        }
        for (name, values) in entries {
            if values.contains(where: { !$0.isFinite }) {
                throw QuantizerError.badImportance(tensor: name, reason: "a number that is not finite")
            }
            if values.contains(where: { $0 < 0 }) {
                throw QuantizerError.badImportance(tensor: name, reason: "a negative number")
            }
        }
    }

    private static func read(
        _ file: GGUFFile, path: String
    ) throws -> (datasets: [String], chunkCount: Int, entries: [String: [Float]]) {
        func fail(_ reason: String) -> QuantizerError { .notAnImportanceMatrix(path: path, reason: reason) }
        let type = try file.metadata.string("general.type")
        guard type == nil || type == "imatrix" else { throw fail("its general.type is '\(type ?? "")'") }
        guard let texts = try file.metadata.stringArray("imatrix.datasets"),
            let chunks = try file.metadata.uint32("imatrix.chunk_count")
        else { throw fail("it has no imatrix.datasets or imatrix.chunk_count") }
        var entries: [String: [Float]] = [:]
        var found = 0
        let suffix = ".in_sum2"
        for sums in file.tensors where sums.name.hasSuffix(suffix) {
            let name = String(sums.name.dropLast(suffix.count))
            guard let counts = file.tensor(name + ".counts") else { throw fail("\(name) has sums but no counts") }
            guard sums.type == .F32, counts.type == .F32, sums.columnCount > 0,
                counts.elementCount == sums.rowCount, counts.elementCount > 0
            else { throw fail("sums and counts of \(name) do not belong together") }
            let numbers = floats(counts, file)
            guard numbers.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
                throw QuantizerError.badImportance(
                    tensor: name, reason: "a count of inputs that is negative or no finite number")
            }
            found += 1
            entries[name] = means(floats(sums, file), counts: numbers, columns: sums.columnCount)
        }
        guard found > 0 else { throw fail("it has no tensors NAME.in_sum2") }
        return (texts.indices.map { String(decoding: texts[$0], as: UTF8.self) }, Int(chunks), entries)
    }

    /// What the errors of `tensor`'s columns weigh; nil where the matrix says nothing of it. Of a matrix that is looked
    /// up by token, the embedding, files say what it is as the output.
    ///
    /// Throws: ``QuantizerError/importanceMisfit(tensor:expected:found:)``.
    func values(for tensor: TensorInfo) throws(QuantizerError) -> [Float]? {
        guard let values = entries[tensor.name] else { return nil }
        let matrices = tensor.shape.dropFirst(2).reduce(1, *)
        let expected = tensor.columnCount * matrices
        guard values.count == expected else {
            if TensorRole(tensor.name) == .tokenEmbedding { return nil }
            throw .importanceMisfit(tensor: tensor.name, expected: expected, found: values.count)
        }
        return values
    }
}

/// sums / count for each matrix; 1 for a matrix that met no input.
private func means(_ sums: [Float], counts: [Float], columns: Int) -> [Float] {
    let counts = counts.map { $0.rounded(.toNearestOrAwayFromZero) }
    return sums.indices.map { i in
        let count = counts[i / columns]
        return count > 0 ? sums[i] / count : 1
    }
}

private func floats(_ tensor: TensorInfo, _ file: GGUFFile) -> [Float] {
    file.bytes.withSpan { span in
        let data = span.extracting(tensor.offset..<tensor.offset + tensor.byteCount)
        return (0..<tensor.elementCount).map { index in
            Float(
                bitPattern: UInt32(littleEndian: data.unsafeLoadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
        }
    }
}
