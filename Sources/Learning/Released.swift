import Storage
extension Correction { var isReleased: Bool { false } }
