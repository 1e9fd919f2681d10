/// A chart as SVG within an HTML figure: axes with titles and units, lines and marks with hover titles, a legend.
package struct Chart {
    package struct Point {
        package let x: Double
        package let y: Double
        /// What hovering says.
        let title: String
        /// Ends of a bar through the point.
        let spread: ClosedRange<Double>?
        /// Written next to the mark, where there is room.
        let label: String?

        package init(
            x: Double, y: Double, title: String, spread: ClosedRange<Double>? = nil, label: String? = nil
        ) {
            self.x = x
            self.y = y
            self.title = title
            self.spread = spread
            self.label = label
        }
    }

    package enum Mark: Sendable { case circle, square }

    package struct Series {
        let name: String
        let color: Int
        let points: [Point]
        let mark: Mark
        let isDashed: Bool
        let hasLine: Bool

        /// - Parameters:
        ///   - name: in the legend; none where it is empty.
        ///   - color: 0 ... 8.
        package init(
            name: String, color: Int, points: [Point], mark: Mark = .circle, isDashed: Bool = false,
            hasLine: Bool = true
        ) {
            self.name = name
            self.color = color
            self.points = points
            self.mark = mark
            self.isDashed = isDashed
            self.hasLine = hasLine
        }
    }

    /// A bound: a line with a label where it begins, or none, and nothing to hover over.
    package struct Roof {
        let points: [(x: Double, y: Double)]
        let label: String
        let isBelow: Bool
        let labelIndent: Double

        /// - Parameter labelIndent: between the line's beginning and the label, so that it stands clear of a slope that
        ///   ends there.
        package init(
            points: [(x: Double, y: Double)], label: String, isBelow: Bool = false, labelIndent: Double = 8
        ) {
            self.points = points
            self.label = label
            self.isBelow = isBelow
            self.labelIndent = labelIndent
        }
    }

    let title: String
    let x: ChartAxis
    let y: ChartAxis
    let series: [Series]
    let roofs: [Roof]

    package init(title: String, x: ChartAxis, y: ChartAxis, series: [Series], roofs: [Roof] = []) {
        self.title = title
        self.x = x
        self.y = y
        self.series = series
        self.roofs = roofs
    }

    private static let width = 560.0
    private static let height = 380.0
    private static let left = 78.0
    private static let right = 20.0
    private static let top = 18.0
    private static let bottom = 64.0

    package var figure: String {
        """
        <figure>
        <figcaption>\(title.html)</figcaption>
        \(svg)
        \(legend)
        </figure>
        """
    }

    private func px(_ value: Double) -> Double { Self.left + x.position(value) * (Self.width - Self.left - Self.right) }
    private func py(_ value: Double) -> Double {
        Self.height - Self.bottom - y.position(value) * (Self.height - Self.top - Self.bottom)
    }

    private var svg: String {
        let label = "\(title): \(y.title) over \(x.title)"
        let parts =
            [
                """
                <svg viewBox="0 0 \(Self.width.decimals(0)) \(Self.height.decimals(0))" role="img" \
                aria-label="\(label.html)">
                """
            ] + axes + roofs.map(curve) + series.flatMap(lines) + series.flatMap(marks) + markLabels
            + roofs.compactMap(roofLabel)
            + [
                "</svg>"
            ]
        return parts.joined(separator: "\n")
    }

    private var axes: [String] {
        let (bottom, right) = (Self.height - Self.bottom, Self.width - Self.right)
        var parts: [String] = []
        for tick in x.ticks {
            parts.append(line("grid-line", px(tick), Self.top, px(tick), bottom))
            parts.append(text(x.label(tick), px(tick), bottom + 20, "middle"))
        }
        for tick in y.ticks {
            parts.append(line("grid-line", Self.left, py(tick), right, py(tick)))
            parts.append(text(y.label(tick), Self.left - 8, py(tick) + 5, "end"))
        }
        parts.append(
            """
            <path class="frame" d="M\(point(Self.left, Self.top)) L\(point(Self.left, bottom)) L\(point(right, bottom))"/>
            """)
        parts.append(text(x.title, (Self.left + right) / 2, Self.height - 14, "middle", "axis-title"))
        let (cx, cy) = (20.0, (Self.top + bottom) / 2)
        parts.append(
            """
            <text class="axis-title" text-anchor="middle" transform="translate(\(cx.decimals(0)) \(cy.decimals(0))) \
            rotate(-90)">\(y.title.html)</text>
            """)
        return parts
    }

    private func curve(_ roof: Roof) -> String { "<path class=\"roof\" d=\"\(path(roof.points))\"/>" }

    private func roofLabel(_ roof: Roof) -> String? {
        guard let first = roof.points.first, !roof.label.isEmpty else { return nil }
        return text(
            roof.label, px(first.x) + roof.labelIndent, py(first.y) + (roof.isBelow ? 18 : -7), "start", "roof-label")
    }

    private func lines(_ series: Series) -> [String] {
        guard series.hasLine, series.points.count > 1 else { return [] }
        return [
            """
            <path class="curve" stroke="var(--c\(series.color))"\(series.isDashed ? " stroke-dasharray=\"7 5\"" : "") \
            d="\(path(series.points.map { ($0.x, $0.y) }))"/>
            """
        ]
    }

    private func marks(_ series: Series) -> [String] {
        series.points.map { point in
            let bar = point.spread.map { spread in
                """
                <line class="spread" stroke="var(--c\(series.color))" x1="\(px(point.x).decimals(1))" \
                y1="\(py(spread.lowerBound).decimals(1))" x2="\(px(point.x).decimals(1))" \
                y2="\(py(spread.upperBound).decimals(1))"/>
                """
            }
            return (bar ?? "")
                + Self.mark(series.mark, series.color, px(point.x), py(point.y), title: point.title)
        }
    }

    private struct Box {
        let x: ClosedRange<Double>
        let y: ClosedRange<Double>

        func overlaps(_ other: Box) -> Bool { x.overlaps(other.x) && y.overlaps(other.y) }
    }

    /// Labels next to their marks, each where it covers neither a mark nor another label; one that finds no place is left
    /// to hovering.
    private var markLabels: [String] {
        let points = series.flatMap(\.points)
        var taken = points.map { point in
            Box(x: px(point.x) - 6...px(point.x) + 6, y: py(point.y) - 6...py(point.y) + 6)
        }
        return points.compactMap { point in
            guard let label = point.label else { return nil }
            let (x, y) = (px(point.x), py(point.y))
            let width = Self.labelCharacter * Double(label.count)
            for (isRight, shift) in [(true, 0.0), (false, 0), (true, -14), (true, 14), (false, -14), (false, 14)] {
                let left = isRight ? x + 10 : x - 10 - width
                let box = Box(x: left...left + width, y: y + shift - 8...y + shift + 8)
                guard left >= Self.left, left + width <= Self.width, box.y.lowerBound >= 0,
                    box.y.upperBound <= Self.height - Self.bottom + 8, !taken.contains(where: box.overlaps)
                else { continue }
                taken.append(box)
                return text(label, isRight ? x + 10 : x - 10, y + shift + 5, isRight ? "start" : "end", "mark-label")
            }
            return nil
        }
    }

    /// Width of a letter in labels, at most.
    private static let labelCharacter = 10.5

    private static func mark(_ mark: Mark, _ color: Int, _ x: Double, _ y: Double, title: String?) -> String {
        let hover = title.map { "<title>\($0.html)</title>" } ?? ""
        let fill = "fill=\"var(--c\(color))\""
        return switch mark {
        case .circle:
            "<circle \(fill) cx=\"\(x.decimals(1))\" cy=\"\(y.decimals(1))\" r=\"5\">\(hover)</circle>"
        case .square:
            """
            <rect fill="var(--card)" stroke="var(--c\(color))" stroke-width="2.5" x="\((x - 4.5).decimals(1))" \
            y="\((y - 4.5).decimals(1))" width="9" height="9">\(hover)</rect>
            """
        }
    }

    private var legend: String {
        let items = series.filter { !$0.name.isEmpty }.map { series in
            let line = """
                <line x1="1" y1="7" x2="29" y2="7" stroke="var(--c\(series.color))" stroke-width="2.5"\
                \(series.isDashed ? " stroke-dasharray=\"6 4\"" : "")/>
                """
            return """
                <li><svg viewBox="0 0 30 14" aria-hidden="true">\(series.hasLine ? line : "")\
                \(Self.mark(series.mark, series.color, 15, 7, title: nil))</svg>\(series.name.html)</li>
                """
        }
        return items.isEmpty ? "" : "<ul class=\"legend\">\(items.joined())</ul>"
    }

    private func path(_ points: [(x: Double, y: Double)]) -> String {
        "M" + points.map { point(px($0.x), py($0.y)) }.joined(separator: " L")
    }

    private func point(_ x: Double, _ y: Double) -> String { "\(x.decimals(1)) \(y.decimals(1))" }

    private func line(_ name: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        """
        <line class="\(name)" x1="\(x1.decimals(1))" y1="\(y1.decimals(1))" x2="\(x2.decimals(1))" \
        y2="\(y2.decimals(1))"/>
        """
    }

    private func text(_ text: String, _ x: Double, _ y: Double, _ anchor: String, _ name: String? = nil) -> String {
        let style = name.map { " class=\"\($0)\"" } ?? ""
        return """
            <text\(style) x="\(x.decimals(1))" y="\(y.decimals(1))" text-anchor="\(anchor)">\(text.html)</text>
            """
    }
}
