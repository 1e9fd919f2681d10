/// A page to look at and to share: sections of charts and tables, with nothing fetched from elsewhere.
package struct Page {
    private let title: String
    private var body: String

    /// - Parameter note: a line under the title.
    package init(title: String, note: String) {
        self.title = title
        body = """
            <header>
            <h1>\(title.html)</h1>
            <p>\(note.html)</p>
            </header>

            """
    }

    /// Adds a section, unless it has no parts.
    ///
    /// - Parameter parts: HTML of figures and tables; nil for those that there are none of.
    package mutating func addSection(_ title: String, _ text: String = "", _ parts: [String?]) {
        let parts = parts.compactMap { $0 }
        guard !parts.isEmpty else { return }
        let note = text.isEmpty ? "" : "<p>\(text.html)</p>\n"
        body += """
            <section>
            <h2>\(title.html)</h2>
            \(note)<div class="\(parts.count > 1 ? "grid" : "single")">
            \(parts.joined(separator: "\n"))
            </div>
            </section>

            """
    }

    package var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title.html)</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        \(body)</body>
        </html>

        """
    }

    /// A table whose first `texts` columns are aligned to the left.
    package static func table(_ titles: [String], texts: Int, _ rows: [[String]]) -> String {
        func row(_ cells: [String], _ tag: String) -> String {
            let cells = cells.enumerated().map { index, cell in
                "<\(tag)\(index < texts ? " class=\"text\"" : "")>\(cell.html)</\(tag)>"
            }
            return "<tr>\(cells.joined())</tr>"
        }
        let body = rows.map { row($0, "td") }.joined(separator: "\n")
        return """
            <div class="scroll"><table>
            <thead>\(row(titles, "th"))</thead>
            <tbody>
            \(body)
            </tbody>
            </table></div>
            """
    }

    /// A table of names and values.
    package static func facts(_ facts: [(name: String, value: String)]) -> String {
        let rows = facts.map { "<tr><th>\($0.name.html)</th><td>\($0.value.html)</td></tr>" }
        return "<div class=\"scroll\"><table class=\"facts\">\(rows.joined(separator: "\n"))</table></div>"
    }
}

extension String {
    /// As HTML text or attribute: names of models and files come from outside.
    package var html: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case _ where scalar.value < 32: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
