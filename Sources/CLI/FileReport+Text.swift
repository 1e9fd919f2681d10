import GGUF

extension FileReport {
    /// The report for people.
    var text: String {
        var lines = Lines()
        lines.add("file", "\(file), \(formatBytes(bytes)), GGUF version \(gguf_version), alignment \(alignment)")
        lines.add("architecture", architecture ?? "not stated")
        if let name { lines.add("name", Self.clean(name)) }
        lines.add(
            "parameters", "\(formatCount(parameters)) (\(parameters)), \(bits_per_weight.fixed(2)) bits per weight")
        for (index, key) in hyper_parameters.keys.sorted().enumerated() {
            lines.add(index == 0 ? "hyper-parameters" : "", "\(key) = \(hyper_parameters[key] ?? "")")
        }
        for (index, type) in types.enumerated() {
            let share = bytes > 0 ? (100 * Double(type.bytes) / Double(bytes)).fixed(1) : "0"
            lines.add(
                index == 0 ? "tensor types" : "",
                "\(type.type): \(type.tensors) tensors, \(formatCount(type.parameters)) weights, \(formatBytes(type.bytes)) (\(share) %)"
            )
        }
        if let vocabulary {
            let ids = [vocabulary.bos.map { "BOS \($0)" }, vocabulary.eos.map { "EOS \($0)" }].compactMap { $0 }
            let parts = ["\(vocabulary.size) tokens (\(vocabulary.model))"] + ids
            lines.add("vocabulary", parts.joined(separator: ", "))
            lines.add("chat template", vocabulary.chat_template ? "yes" : "none: a base model")
        }
        if let memory {
            lines.add(
                "KV cache (F16)",
                "\(formatBytes(memory.kv_bytes_per_token_f16)) per token, "
                    + "\(formatBytes(memory.kv_bytes_full_context_f16)) for \(memory.context_length) tokens")
            lines.add(
                "expected memory",
                "\(formatBytes(memory.expected_bytes_full_context)) with a full context "
                    + "(file + KV + \(formatBytes(memory.working_bytes)) to work in)")
        }
        lines.add("runs in Carat", not_runnable.map { "no: \($0)" } ?? "yes")
        for (index, tensor) in (tensors ?? []).enumerated() {
            let shape = tensor.shape.map(String.init).joined(separator: " x ")
            lines.add(
                index == 0 ? "tensors" : "",
                "\(Self.clean(tensor.name))  \(tensor.type)  [\(shape)]  \(formatBytes(tensor.bytes)) at \(tensor.offset)"
            )
        }
        return lines.text
    }

    /// Text from a file as a terminal may show it.
    static func clean(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : $0 }))
    }

    /// Labels on the left, facts on the right.
    private struct Lines {
        var text = ""
        mutating func add(_ label: String, _ fact: String) {
            text += label + String(repeating: " ", count: max(1, 18 - label.count)) + fact + "\n"
        }
    }
}
