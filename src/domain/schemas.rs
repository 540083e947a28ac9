//! JSON Schemas of vocabulary that is written otherwise than its members say.

use super::projects::ProjectId;
use super::trading::Exact;
use super::work::Priority;
use super::{Permission, Permissions};
use std::borrow::Cow;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! named {
    ($($type:ident => $schema:expr;)+) => {
        $(
            impl PartialSchema for $type {
                fn schema() -> RefOr<Schema> {
                    $schema.into()
                }
            }

            impl ToSchema for $type {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(stringify!($type))
                }
            }
        )+
    };
}

named! {
    ProjectId => ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(200))
        .description(Some(
            "Name of a project: 1 to 200 bytes, no control characters, no blank ends.",
        ));
    Priority => ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .maximum(Some(3))
        .description(Some("How soon a task is wanted: 0 (urgent) to 3."));
    Exact => ObjectBuilder::new()
        .schema_type(Type::Number)
        .description(Some("An exact decimal, with all its digits."));
    Permission => ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(Permission::ALL.iter().map(|one| one.name())))
        .description(Some("What somebody may do."));
    Permissions => ArrayBuilder::new()
        .items(Permission::schema())
        .description(Some("What somebody may do."));
}
