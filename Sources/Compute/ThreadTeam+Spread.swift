internal import CKernels
internal import COpenMP

extension ThreadTeam {
    /// Puts each thread on a core of its own and lets it go anywhere again, where there are just as many cores.
    ///
    /// New threads start on their maker's core. Where cores share no cache, the scheduler of an idle machine may leave
    /// them there for a tenth of a second: as long as a whole calibration, or the prefill of a short prompt.
    func spread() {
        guard Int(carat_allowed_cores()) == size else { return }
        GOMP_parallel({ _ in carat_visit_core(omp_get_thread_num()) }, nil, UInt32(size), 0)
    }
}
