internal import Charts
package import JSON

/// A comparison with the parent as text, in the words of llama.cpp's tool, and as JSON.
package struct DivergenceReport {
    private let result: TextDivergence
    private let divergences: Quantiles
    private let probabilities: Quantiles

    package init(_ result: TextDivergence) {
        self.result = result
        divergences = Quantiles(result.divergences)
        probabilities = Quantiles(result.probabilityDifferences)
    }

    private static let percentiles: [(name: String, part: Double)] = [
        ("Maximum", 1), ("99.9%  ", 0.999), ("99.0%  ", 0.99), ("95.0%  ", 0.95), ("90.0%  ", 0.9), ("Median ", 0.5),
        ("10.0%  ", 0.1), (" 5.0%  ", 0.05), (" 1.0%  ", 0.01), (" 0.1%  ", 0.001), ("Minimum", 0),
    ]

    package var text: String {
        let r = result
        func line(_ name: String, _ e: Estimate, digits: Int = 6) -> String {
            "\(name): \(e.value.decimals(digits)) ± \(e.standardError.decimals(digits))\n"
        }
        func percent(_ name: String, _ e: Estimate) -> String {
            "\(name): \((100 * e.value).decimals(3)) ± \((100 * e.standardError).decimals(3)) %\n"
        }
        var text = "====== Perplexity statistics ======\n"
        text += line("Mean PPL(Q)                   ", r.child.estimate)
        text += line("Mean PPL(base)                ", r.parent.estimate)
        text += "Cor(ln(PPL(Q)), ln(PPL(base))): \((100 * r.lossCorrelation).decimals(2))%\n"
        text += line("Mean ln(PPL(Q)/PPL(base))     ", Estimate(r.lossDifferences))
        text += line("Mean PPL(Q)/PPL(base)         ", r.perplexityRatio)
        text += line("Mean PPL(Q)-PPL(base)         ", r.perplexityDifference)
        text += "\n====== KL divergence statistics ======\n"
        text += line("Mean    KLD", r.mean)
        for (name, part) in Self.percentiles {
            let e = divergences.estimate(part)
            // the ends have no error that their neighbours could tell
            text +=
                part > 0 && part < 1
                ? line("\(name) KLD", e) : "\(name) KLD: \(e.value.decimals(6))\n"
        }
        text += "\n====== Token probability statistics ======\n"
        text += percent("Mean    Δp", r.probabilityDifference)
        for (name, part) in Self.percentiles {
            text += "\(name) Δp: \((100 * probabilities.value(part)).decimals(3)) %\n"
        }
        text += percent("RMS Δp    ", r.probabilityDistance)
        text += percent("Same top p", r.agreement)
        return text
    }

    /// Members of a JSON object, in order.
    package var members: [(String, JSONValue)] {
        let r = result
        func pair(_ name: String, _ e: Estimate) -> [(String, JSONValue)] {
            [(name, .number(e.value)), (name + "_stderr", .number(e.standardError))]
        }
        let (q, p) = (r.child.estimate, r.parent.estimate)
        return pair("kld_mean", r.mean) + pair("kld_median", divergences.estimate(0.5))
            + pair("kld_99", divergences.estimate(0.99))
            + [("kld_max", .number(divergences.value(1))), ("kld_min", .number(divergences.value(0)))]
            + pair("same_top", r.agreement) + pair("perplexity", q) + pair("perplexity_parent", p)
            + pair("perplexity_ratio", r.perplexityRatio)
            + [("loss_correlation", .number(r.lossCorrelation))]
            + pair("dp_mean", r.probabilityDifference) + pair("dp_rms", r.probabilityDistance)
            + [("scored_tokens", .integer(r.count))]
    }
}
