internal import GGUF
internal import JSON

/// The Jinja templates of a folder: the one for chats, and others that have names.
struct ChatTemplates {
    private var main: String?
    private var named: [(name: String, template: String)] = []

    private static let longestName = 64

    /// tokenizer_config.json has the say; what it leaves out may stand in files of its own.
    ///
    /// Throws: ``ConversionError``.
    init(_ folder: HuggingFaceFolder) throws(ConversionError) {
        let name = "tokenizer_config.json"
        guard let settings = try folder.json(name) else { return }
        switch settings["chat_template"] {
        case .string(let text): main = text
        case .array(let choices):
            for choice in choices {
                try add(choice["name"]?.string ?? "", choice["template"]?.string, path: folder.path + "/" + name)
            }
        case nil: try readFiles(folder)
        default: return
        }
    }

    private mutating func readFiles(_ folder: HuggingFaceFolder) throws(ConversionError) {
        if let text = try folder.text("chat_template.jinja") {
            main = text
            let others = "additional_chat_templates"
            for file in folder.names(in: others) where file.hasSuffix(".jinja") {
                let path = others + "/" + file
                try add(String(file.dropLast(".jinja".count)), try folder.text(path), path: folder.path + "/" + path)
            }
        } else {
            main = try folder.json("chat_template.json")?["chat_template"]?.string
        }
    }

    /// A template's name becomes part of a key, so only letters and digits of ASCII stay.
    private mutating func add(_ name: String, _ template: String?, path: String) throws(ConversionError) {
        guard let template, !name.isEmpty else { return }
        if name == "default" {
            main = template
            return
        }
        guard name.unicodeScalars.count <= Self.longestName else {
            throw .outOfRange(
                path: path, member: "the name of a chat template", value: name.shown,
                allowed: "up to \(Self.longestName) characters")
        }
        let key = name.unicodeScalars.map { scalar -> Character in
            scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                ? Character(scalar) : "_"
        }
        named.removeAll { $0.name == String(key) }
        named.append((String(key), template))
    }

    var metadata: [(String, Metadata.Value)] {
        var pairs = named.map { ("tokenizer.chat_template." + $0.name, Metadata.Value.string(ByteString($0.template))) }
        if !named.isEmpty { pairs.append(("tokenizer.chat_templates", .array(ArrayValue(named.map(\.name))))) }
        if let main, !main.isEmpty { pairs.append(("tokenizer.chat_template", .string(ByteString(main)))) }
        return pairs
    }
}
