// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "attuned",
    products: [
        .executable(name: "attuned", targets: ["attuned"]),
        .executable(name: "attunectl", targets: ["attunectl"]),
        .executable(name: "attuned-bench", targets: ["attuned-bench"]),
        .library(name: "AttuneClient", targets: ["AttuneClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // The daemon and the tools around it.
        .executableTarget(
            name: "attuned",
            dependencies: [
                "SocketServer", "Supervision", "Learning", "Storage", "Inference", "Tuning", "Transformer",
                "Tokenization", "Safetensors", "LineProtocol", "Tensors", "AttuneClient", "CLinux",
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        .executableTarget(
            name: "attunectl",
            dependencies: ["AttuneClient", .product(name: "ArgumentParser", package: "swift-argument-parser")]
        ),
        .executableTarget(
            name: "attuned-bench",
            dependencies: [
                "AttuneClient", "Learning", "Inference", "Tuning", "Transformer", "Tokenization", "Tensors",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ]
        ),
        .target(name: "AttuneClient", dependencies: ["LineProtocol"]),

        // The daemon's parts, from the socket down to the kernels.
        .target(
            name: "SocketServer",
            dependencies: [
                "LineProtocol", "CLinux",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(name: "Supervision", dependencies: ["CSystemd", .product(name: "Logging", package: "swift-log")]),
        .target(
            name: "Learning",
            dependencies: [
                "Tuning", "Storage", "Inference", "Transformer", "Tokenization", "CLinux",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "Storage",
            dependencies: [
                "Safetensors", "CLinux",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(name: "Inference", dependencies: ["Transformer", "Tokenization"]),
        .target(name: "Tuning", dependencies: ["Transformer", "Tensors"]),
        .target(name: "Transformer", dependencies: ["Tensors", "Safetensors"]),
        .target(name: "Tokenization"),
        .target(name: "Safetensors"),
        .target(name: "LineProtocol"),
        .target(name: "Tensors", dependencies: ["COpenBLAS", "CKernels"]),

        // What Swift cannot see by itself.
        .target(name: "CKernels", linkerSettings: [.linkedLibrary("m")]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .target(name: "CLinux"),
    ],
    swiftLanguageModes: [.v6]
)

/// Test targets, each named after what it tests, with what it needs besides.
let tests: [(of: String, with: [Target.Dependency])] = [
    ("Tokenization", []),
    ("Safetensors", []),
    ("LineProtocol", ["TestSupport"]),
    ("Supervision", []),
    ("attunectl", ["AttuneClient", "LineProtocol"]),
    (
        "SocketServer",
        [
            "AttuneClient", "LineProtocol", "TestSupport", .product(name: "Logging", package: "swift-log"),
        ]
    ),
    ("Storage", ["Safetensors", "TestSupport"]),
    ("Tensors", []),
    ("Transformer", ["Tensors", "Safetensors"]),
    ("Inference", ["Transformer", "Tokenization", "Tensors", "Safetensors"]),
    ("Tuning", ["Transformer", "Tensors", "Safetensors"]),
    (
        "Learning",
        ["Tuning", "Storage", "Inference", "Transformer", "Tokenization", "Safetensors", "Tensors", "TestSupport"]
    ),
]
/// Test targets with files of their own.
let fixtures: Set<String> = ["Transformer"]
for test in tests {
    package.targets.append(
        .testTarget(
            name: "\(test.of)Tests",
            dependencies: [.byName(name: test.of)] + test.with,
            resources: fixtures.contains(test.of) ? [.copy("Fixtures")] : []
        )
    )
}
package.targets.append(
    .testTarget(name: "DaemonTests", dependencies: ["AttuneClient", "LineProtocol", "TestSupport"])
)
package.targets.append(
    .target(name: "TestSupport", dependencies: ["LineProtocol", "AttuneClient", "CLinux"], path: "Tests/TestSupport")
)

// What reads others' bytes: fed by tests with what the fuzzers found, and by the fuzzers, which Tests/fuzz alone builds.
package.targets += [
    .target(
        name: "FuzzEntrances",
        dependencies: ["SocketServer", "LineProtocol", "Safetensors", "Tokenization", "Transformer", "Storage"],
        path: "Tests/FuzzEntrances"
    ),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzEntrances"]),
]
let isFuzzing = Context.environment["ATTUNED_FUZZ"] == "1"
if isFuzzing {
    package.targets.append(
        .executableTarget(
            name: "attuned-fuzz",
            dependencies: ["FuzzEntrances"],
            path: "Tests/Fuzzer",
            linkerSettings: [.linkedLibrary("stdc++")]
        )
    )
}

// One set of strict settings for every target that is compiled here.
let pointerTargets: Set<String> = ["Tensors", "Transformer", "Safetensors", "Storage", "SocketServer", "Supervision"]
for target in package.targets where target.type != .system {
    var settings = target.swiftSettings ?? []
    settings += [
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
    if pointerTargets.contains(target.name) {
        settings.append(.strictMemorySafety())
    }
    // Tells libFuzzer what an input reaches, in what is compiled here and not in what it stands on.
    if isFuzzing { settings.append(.unsafeFlags(["-sanitize=fuzzer"])) }
    target.swiftSettings = settings
}
