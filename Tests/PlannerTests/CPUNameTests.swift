import Planner
import Testing

@Suite struct CPUNameTests {
    @Test func anX86CPUHasANameAndNumbers() {
        let core = """
            vendor_id\t: AuthenticAMD
            cpu family\t: 25
            model\t\t: 1
            model name\t: AMD EPYC 7B13
            stepping\t: 0

            """
        let name = CPUName(cpuinfo: core + "\n" + core.replacing("7B13", with: "9654"))
        #expect(name.brand == "AMD EPYC 7B13" && name.full == "AMD EPYC 7B13 (family 25, model 1, stepping 0)")
    }

    @Test func anArmCPUHasNumbersAndPerhapsAMachine() {
        let core = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"
        let server = CPUName(cpuinfo: core)
        #expect(server.brand == "0xd0c" && server.full == "0xd0c (implementer 0x41, part 0xd0c)")
        #expect(CPUName(cpuinfo: core + "\nModel\t\t: Raspberry Pi 5").brand == "Raspberry Pi 5")
    }

    @Test func noTextIsAnUnknownCPU() {
        #expect(CPUName(cpuinfo: "").full == "unknown CPU" && CPUName(cpuinfo: ":\n::\n \n").brand == "unknown CPU")
    }
}
