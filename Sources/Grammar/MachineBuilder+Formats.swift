extension MachineBuilder {
    /// Values of `format` that are kept exactly.
    static let formats = ["date", "time", "date-time", "uuid", "ipv4"]

    /// The part for a string of a format, quotes included.
    ///
    /// Years go from 1000 to 9999, and no minute has a 61st second: what is taken is read alike everywhere.
    /// Source: RFC 3339, section 5.6; RFC 9562, section 4.
    mutating func format(_ name: String) throws(GrammarError) -> Int32 {
        try part("format " + name) { (builder, start) throws(GrammarError) in
            let (open, close, end) = (try builder.state(), try builder.state(), try builder.state(isEnd: true))
            builder.take("\"", from: start, to: open)
            builder.take("\"", from: close, to: end)
            switch name {
            case "date": try builder.date(from: open, to: close)
            case "time": try builder.time(from: open, to: close)
            case "date-time":
                let (day, hour) = (try builder.state(), try builder.state())
                try builder.date(from: open, to: day)
                builder.take("T", from: day, to: hour)
                try builder.time(from: hour, to: close)
            case "uuid":
                let groups = [8, 4, 4, 4, 12].map { String(repeating: "[0-9a-f]", count: $0) }
                try builder.pattern(groups.joined(separator: "-"), from: open, to: close)
            default: try builder.address(from: open, to: close)
            }
        }
    }

    private mutating func date(from: Int32, to target: Int32) throws(GrammarError) {
        let year = try state()
        try pattern("[1-9][0-9][0-9][0-9]-", from: from, to: year)
        for (months, lastDays) in [(["0[13578]", "1[02]"], "3[01]"), (["0[469]", "11"], "30")] {
            for month in months {
                for day in ["0[1-9]", "[12][0-9]", lastDays] {
                    try pattern(month + "-" + day, from: year, to: target)
                }
            }
        }
        for day in ["0[1-9]", "1[0-9]", "2[0-8]"] { try pattern("02-" + day, from: year, to: target) }
        for leap in ["0[48]", "[2468][048]", "[13579][26]"] {
            try pattern("[1-9][0-9]" + leap + "-02-29", from: from, to: target)
        }
        for century in ["1[26]", "[2468][048]", "[3579][26]"] {
            try pattern(century + "00-02-29", from: from, to: target)
        }
    }

    private mutating func time(from: Int32, to target: Int32) throws(GrammarError) {
        let (second, fraction, zone) = (try state(), try state(), try state())
        for hour in ["[01][0-9]", "2[0-3]"] {
            try pattern(hour + ":[0-5][0-9]:[0-5][0-9]", from: from, to: second)
            try pattern("[+-]" + hour + ":[0-5][0-9]", from: zone, to: target)
        }
        take(".", from: second, to: fraction)
        try digits(1...9, from: fraction, to: zone)
        skip(from: second, to: zone)
        take("Z", from: zone, to: target)
    }

    private mutating func address(from: Int32, to target: Int32) throws(GrammarError) {
        var start = from
        for index in 0..<4 {
            let end = index == 3 ? target : try state()
            for octet in ["[0-9]", "[1-9][0-9]", "1[0-9][0-9]", "2[0-4][0-9]", "25[0-5]"] {
                try pattern(octet, from: start, to: end)
            }
            guard index < 3 else { break }
            start = try state()
            take(".", from: end, to: start)
        }
    }
}
