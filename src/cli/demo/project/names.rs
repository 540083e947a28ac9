//! What projects are called, who looks after them, and how they go wrong.

/// A way to go wrong: a type of error, what it says, and a file without its extension.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fault {
    pub kind: &'static str,
    pub message: &'static str,
    pub file: &'static str,
}

const fn fault(kind: &'static str, message: &'static str, file: &'static str) -> Fault {
    Fault { kind, message, file }
}

/// Name, language, and whether it answers requests.
pub(super) const NAMES: &[(&str, &str, bool)] = &[
    ("checkout", "java", true),
    ("payments-api", "go", true),
    ("search-index", "rust", true),
    ("web-storefront", "typescript", true),
    ("inventory", "go", true),
    ("mailer", "python", false),
    ("identity", "rust", true),
    ("ledger", "java", true),
    ("data-warehouse", "python", false),
    ("recommendations", "python", true),
    ("image-resizer", "rust", true),
    ("mobile-ios", "swift", false),
    ("mobile-android", "kotlin", false),
    ("shipping-rates", "go", true),
    ("fraud-model", "python", true),
    ("design-system", "typescript", false),
    ("gateway", "rust", true),
    ("terraform-live", "hcl", false),
    ("session-store", "go", true),
    ("pricing-engine", "rust", true),
    ("backoffice", "typescript", true),
    ("event-bridge", "java", true),
    ("docs-site", "typescript", false),
    ("risk-reports", "python", false),
    ("feature-flags", "go", true),
    ("media-transcoder", "rust", false),
    ("customer-portal", "typescript", true),
    ("billing-export", "java", false),
    ("geo-lookup", "rust", true),
    ("notifications", "go", true),
    ("ab-testing", "python", true),
    ("sdk-python", "python", false),
    ("sdk-typescript", "typescript", false),
    ("schema-registry", "java", true),
    ("log-shipper", "rust", false),
    ("loyalty", "java", true),
];

/// Owner and team.
pub(super) const OWNERS: &[(&str, &str)] = &[
    ("Ada Okafor", "commerce"),
    ("Jonas Weber", "platform"),
    ("Mei Tanaka", "search"),
    ("Rosa Delgado", "payments"),
    ("Priya Raman", "data"),
    ("Tom Lindqvist", "mobile"),
];

/// Breaks that last until they are mended.
pub(super) const BREAKAGES: &[Fault] = &[
    fault("AssertionError", "expected 200, got 500 from POST /v1/orders", "tests/api/orders"),
    fault("AssertionError", "total was 118.99, expected 119.00", "tests/cart/rounding"),
    fault("TypeError", "cannot read property 'id' of undefined", "src/session"),
    fault("CompileError", "mismatched types: expected u64, found i64", "src/limits"),
    fault("MigrationError", "column \"tenant_id\" does not exist", "migrations/0042_tenants"),
    fault("ImportError", "no module named 'legacy_auth'", "src/auth/bridge"),
    fault("LintError", "unused variable `retry_budget`", "src/client/retry"),
    fault("SchemaMismatch", "field `currency` is required since version 7", "tests/contract"),
    fault("NullPointerException", "customer.address is null", "src/invoice/renderer"),
    fault("CertificateExpired", "certificate of staging.example.com has expired", "tests/tls"),
];

/// What goes wrong once in a while and is well again.
pub(super) const FLAKES: &[Fault] = &[
    fault("TimeoutError", "no answer within 30 s from fixture database", "tests/support/db"),
    fault("ConnectionError", "connection reset by peer: registry mirror", "tests/support/net"),
    fault("RaceCondition", "expected 3 events, saw 2", "tests/stream/ordering"),
    fault("StaleElement", "element is not attached to the page", "tests/e2e/checkout"),
];
