//! `view!` as leptos has it, for `frontend::dom`: markup becomes calls of a builder that exists once, where leptos would
//! compile its own types for every element, attribute and handler.
//!
//! Understood are elements with `attr=value`, `class:name=…`, `style:name=…`, `prop:name=…`, `on:event=…`, `node_ref=…`
//! and `inner_html=…`, text, blocks, fragments, and components with their properties and children. A closure without
//! arguments follows what it reads.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use rstml::node::{Node, NodeAttribute, NodeBlock, NodeElement, NodeName};
use syn::{Expr, Lit, Stmt};

mod events;

/// Builds the view that the markup describes; `.into_any()` makes it one of leptos.
#[proc_macro]
pub fn view(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let parsed = rstml::parse2(tokens.into()).and_then(|nodes| many(&nodes));
    let tokens = parsed.unwrap_or_else(|error| error.to_compile_error());
    quote!({ #tokens }).into()
}

/// Several views beside each other, or the only one.
fn many(nodes: &[Node]) -> syn::Result<TokenStream> {
    let views = nodes.iter().map(one).collect::<syn::Result<Vec<_>>>()?;
    Ok(match &views[..] {
        [view] => quote!(#view),
        views => quote! {
            ::std::vec![#(crate::dom::any(#views)),*]
        },
    })
}

/// A view of its own.
fn one(node: &Node) -> syn::Result<TokenStream> {
    Ok(match node {
        Node::Element(element) if is_component(element.name()) => component(element)?,
        Node::Element(element) => {
            let builder = builder();
            let start = start_of(element);
            let rest = inside(element)?;
            quote! {{
                let mut #builder = crate::dom::Builder::#start;
                #rest
                #builder.done()
            }}
        }
        Node::Text(text) => {
            let text = &text.value;
            quote!(#text)
        }
        Node::RawText(text) => {
            let text = text.to_string_best();
            quote!(#text)
        }
        Node::Block(block) => {
            let value = only_expression(block).map_or_else(|| quote!(#block), |value| quote!(#value));
            quote!(crate::dom::any(#value))
        }
        Node::Fragment(fragment) => many(&fragment.children)?,
        other => return Err(syn::Error::new_spanned(other, "not understood by this view!")),
    })
}

/// The builder's name, seen by nobody else.
fn builder() -> Ident {
    Ident::new("builder", Span::mixed_site())
}

fn is_component(name: &NodeName) -> bool {
    name.to_string().starts_with(|first: char| first.is_ascii_uppercase())
}

/// Whether an element is one of a drawing.
fn is_svg(tag: &str) -> bool {
    matches!(
        tag,
        "svg" | "path" | "g" | "circle" | "line" | "rect" | "polyline" | "polygon" | "defs" | "use" | "tspan"
    )
}

/// The call that begins an element.
fn start_of(element: &NodeElement<rstml::node::Infallible>) -> TokenStream {
    let tag = element.name().to_string();
    if is_svg(&tag) {
        quote!(start_drawing(#tag))
    } else {
        quote!(start(#tag))
    }
}

/// The attributes and children of an element that has begun.
fn inside(element: &NodeElement<rstml::node::Infallible>) -> syn::Result<TokenStream> {
    let builder = builder();
    let mut calls = TokenStream::new();
    for attribute in element.attributes() {
        calls.extend(attribute_call(attribute)?);
    }
    for child in element.children() {
        calls.extend(match child {
            Node::Element(element) if !is_component(element.name()) => {
                let tag = element.name().to_string();
                let open = if is_svg(&tag) {
                    quote!(open_drawing(#tag))
                } else {
                    quote!(open(#tag))
                };
                let rest = inside(element)?;
                quote! {
                    #builder.#open;
                    #rest
                    #builder.close();
                }
            }
            Node::Text(text) => {
                let text = &text.value;
                quote!(#builder.text(#text);)
            }
            Node::Comment(_) => TokenStream::new(),
            other => {
                let view = one(other)?;
                quote!(#builder.child(#view);)
            }
        });
    }
    Ok(calls)
}

fn attribute_call(attribute: &NodeAttribute) -> syn::Result<TokenStream> {
    let NodeAttribute::Attribute(attribute) = attribute else {
        return Err(syn::Error::new_spanned(
            attribute,
            "attributes are spread by leptos' view! only",
        ));
    };
    let builder = builder();
    let name = attribute.key.to_string();
    let name = name.trim_start_matches("r#");
    let Some(value) = attribute.value() else {
        return Ok(quote!(#builder.word(#name, "");));
    };
    if name == "node_ref" {
        return Ok(quote!(#value.load(#builder.node());));
    }
    if name == "inner_html" {
        return Ok(quote!(#builder.html(#value);));
    }
    if let Some(event) = name.strip_prefix("on:") {
        let kind = Ident::new(events::kind_of(event), Span::call_site());
        return Ok(quote!(#builder.on::<::web_sys::#kind>(#event, #value);));
    }
    let (place, name) = match name.split_once(':') {
        None => (quote!(Attribute), name),
        Some(("attr", name)) => (quote!(Attribute), name),
        Some(("class", name)) => (quote!(Class), name),
        Some(("style", name)) => (quote!(Style), name),
        // Of properties only this one is no attribute too, and a text.
        Some(("prop", name @ "value")) => (quote!(Property), name),
        Some(_) => return Err(syn::Error::new_spanned(attribute, "not understood by this view!")),
    };
    if let Expr::Lit(literal) = value
        && let Lit::Str(text) = &literal.lit
    {
        return Ok(quote!(#builder.put(crate::dom::Place::#place(#name), #text);));
    }
    Ok(quote!(#builder.set(crate::dom::Place::#place(#name), #value);))
}

/// What a block holds, if it is an expression and nothing else.
fn only_expression(block: &NodeBlock) -> Option<&Expr> {
    let NodeBlock::ValidBlock(block) = block else {
        return None;
    };
    match &block.stmts[..] {
        [Stmt::Expr(value, None)] => Some(value),
        _ => None,
    }
}

/// A component of leptos with its properties.
fn component(element: &NodeElement<rstml::node::Infallible>) -> syn::Result<TokenStream> {
    let name = element.name();
    let mut properties = TokenStream::new();
    for attribute in element.attributes() {
        let NodeAttribute::Attribute(attribute) = attribute else {
            return Err(syn::Error::new_spanned(attribute, "not understood by this view!"));
        };
        let key = &attribute.key;
        let value = attribute.value().map_or_else(|| quote!(#key), |value| quote!(#value));
        properties.extend(quote!(.#key(#value)));
    }
    if !element.children().is_empty() {
        let children = many(element.children())?;
        properties.extend(quote!(.children(::leptos::children::ToChildren::to_children(move || #children))));
    }
    Ok(quote! {
        ::leptos::prelude::IntoAny::into_any(::leptos::component::component_view(
            &#name,
            ::leptos::component::component_props_builder(&#name) #properties .build(),
        ))
    })
}
