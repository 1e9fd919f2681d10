internal import GGUF
internal import JSON

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A model's folder as it is on the Hugging Face Hub: weights in one safetensors file or several, and JSON beside them.
struct HuggingFaceFolder {
    let path: String
    /// The files with the weights, in the order of their names.
    let parts: [SafetensorsFile]

    /// A tokenizer.json of 256,000 tokens has 17 MB.
    static let maximumJSONSize = 64 << 20
    private static let indexName = "model.safetensors.index.json"

    /// Throws: ``ConversionError``.
    init(_ path: String) throws(ConversionError) {
        self.path = path
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
            throw .cannotRead(path: path, reason: "it is no folder that can be listed")
        }
        let map = names.contains(Self.indexName) ? try Self.weightMap(path + "/" + Self.indexName) : nil
        let files =
            map.map { Set($0.values).sorted() }
            ?? names.filter { $0.hasPrefix("model") && $0.hasSuffix(".safetensors") }
        guard !files.isEmpty else {
            throw .noWeights(folder: path, other: names.first { $0.hasSuffix(".bin") || $0.hasSuffix(".pth") })
        }
        var parts: [SafetensorsFile] = []
        for file in files {
            if map != nil, !names.contains(file) {
                throw .index(path: path + "/" + Self.indexName, what: "the file \(file.shown) that it names is missing")
            }
            parts.append(try SafetensorsFile(path + "/" + file))
        }
        self.parts = parts
        try checkNames(against: map)
    }

    /// Which file has which tensor, as the index says.
    private static func weightMap(_ path: String) throws(ConversionError) -> [String: String] {
        guard case .object(let members) = try parse(path)["weight_map"], members.count > 0 else {
            throw .member(path: path, member: "weight_map", expected: "object")
        }
        var map: [String: String] = [:]
        for name in members.names {
            // only a plain name stays in the folder
            guard let file = members[name]?.string, file.hasSuffix(".safetensors"), !file.contains("/"),
                !file.utf8.contains(0)
            else {
                throw .index(path: path, what: "tensor \(name.shown) is in no file of the folder")
            }
            map[name] = file
        }
        return map
    }

    /// Each tensor is in one file, and in the one that the index names.
    private func checkNames(against map: [String: String]?) throws(ConversionError) {
        var places: [String: String] = [:]
        for part in parts {
            for tensor in part.tensors {
                if let other = places.updateValue(part.path, forKey: tensor.name) {
                    throw .twice(tensor: tensor.name, first: other, second: part.path)
                }
            }
        }
        guard let map else { return }
        let index = path + "/" + Self.indexName
        for (name, file) in map.sorted(by: { $0.key < $1.key }) where places[name] != path + "/" + file {
            throw .index(path: index, what: "tensor \(name.shown) is not in \(file.shown)")
        }
        for name in places.keys.sorted() where map[name] == nil {
            throw .index(
                path: index, what: "tensor \(name.shown), which is in \(places[name] ?? ""), is not in the index")
        }
    }

    /// Whether there is a file of this name.
    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }

    /// Whether a file of the folder that may be read is this one.
    func holds(_ identity: FileIdentity) -> Bool {
        names(in: ".").contains { !$0.hasSuffix(".gguf") && FileIdentity(path: path + "/" + $0) == identity }
    }

    /// Names of the files in a folder below, in their order; none where there is no such folder.
    func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path + "/" + folder)) ?? []).sorted()
    }

    /// The file's JSON without the members `unwanted`; nil where there is no such file.
    ///
    /// Throws: ``ConversionError``.
    func json(_ name: String, leavingOut unwanted: Set<String> = []) throws(ConversionError) -> JSONValue? {
        guard has(name) else { return nil }
        return try Self.parse(path + "/" + name, leavingOut: unwanted)
    }

    /// The file's text, nil where there is no such file.
    ///
    /// Throws: ``ConversionError``.
    func text(_ name: String) throws(ConversionError) -> String? {
        guard has(name) else { return nil }
        let bytes = try SourceFile.contents(path + "/" + name, limit: 16 << 20)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .cannotRead(path: path + "/" + name, reason: "it is not UTF-8")
        }
        return text
    }

    private static func parse(
        _ path: String, leavingOut unwanted: Set<String> = []
    ) throws(ConversionError) -> JSONValue {
        let bytes = try SourceFile.contents(path, limit: maximumJSONSize)
        do {
            return try JSONValue(parsing: bytes, limit: maximumJSONSize, leavingOut: unwanted)
        } catch {
            throw .json(path: path, reason: error.description)
        }
    }

    /// The folder's own name, or that of the folder which `.` stands for.
    var name: String {
        let last = path.split(separator: "/").last.map(String.init) ?? ""
        guard last.isEmpty || last == "." || last == ".." else { return last }
        return URL(filePath: path).standardizedFileURL.pathComponents.last ?? ""
    }
}
