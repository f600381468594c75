//! `view!` as leptos has it, for `frontend::dom`: what is known of the markup becomes one text, and the rest calls of a
//! builder that exists once, where leptos would compile its own types for every element, attribute and handler.
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
        views => {
            let several = Ident::new("several", Span::mixed_site());
            quote! {{
                let mut #several = crate::dom::Several::new();
                #(#several.add(#views);)*
                #several
            }}
        }
    })
}

/// A view of its own.
fn one(node: &Node) -> syn::Result<TokenStream> {
    Ok(match node {
        Node::Element(element) if is_component(element.name()) => component(element)?,
        Node::Element(element) => {
            let builder = builder();
            let mut built = Built::default();
            built.element(element)?;
            let Built { template, calls } = built;
            quote! {{
                let mut #builder = crate::dom::Builder::new(#template);
                #calls
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
            quote!(#value)
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

/// What a template is written with; the meaning of each is told where `frontend::dom` reads it.
mod sign {
    pub(crate) const OPEN: char = '\u{1}';
    pub(crate) const OPEN_DRAWING: char = '\u{2}';
    pub(crate) const CLOSE: char = '\u{3}';
    pub(crate) const ATTRIBUTE: char = '\u{4}';
    pub(crate) const CLASS: char = '\u{5}';
    pub(crate) const STYLE: char = '\u{6}';
    pub(crate) const PROPERTY: char = '\u{7}';
    pub(crate) const VALUE: char = '\u{8}';
    pub(crate) const TEXT: char = '\u{b}';
    pub(crate) const HOLE: char = '\u{c}';
}

/// An element as a template and the calls that fill it.
#[derive(Default)]
struct Built {
    template: String,
    calls: TokenStream,
}

impl Built {
    fn write(&mut self, sign: char, word: &str) {
        self.template.push(sign);
        self.template.push_str(word);
    }

    fn call(&mut self, call: TokenStream) {
        let builder = builder();
        self.calls.extend(quote!(#builder.#call;));
    }

    fn element(&mut self, element: &NodeElement<rstml::node::Infallible>) -> syn::Result<()> {
        let tag = element.name().to_string();
        let open = if is_svg(&tag) { sign::OPEN_DRAWING } else { sign::OPEN };
        self.write(open, &tag);
        for attribute in element.attributes() {
            self.attribute(attribute)?;
        }
        for child in element.children() {
            match child {
                Node::Element(element) if !is_component(element.name()) => {
                    self.element(element)?;
                    self.write(sign::CLOSE, "");
                }
                Node::Text(text) => {
                    let text = text.value_string();
                    if text.contains(|sign: char| sign < ' ' && sign != '\n') {
                        return Err(syn::Error::new_spanned(
                            child,
                            "this sign has a meaning of its own in templates",
                        ));
                    }
                    self.write(sign::TEXT, &text);
                }
                Node::Comment(_) => {}
                Node::Block(block) => {
                    let value = only_expression(block).map_or_else(|| quote!(#block), |value| quote!(#value));
                    self.write(sign::HOLE, "");
                    self.call(quote!(add(#value)));
                }
                other => {
                    let view = one(other)?;
                    self.write(sign::HOLE, "");
                    self.call(quote!(add(#view)));
                }
            }
        }
        Ok(())
    }

    fn attribute(&mut self, attribute: &NodeAttribute) -> syn::Result<()> {
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
            self.write(sign::ATTRIBUTE, name);
            self.write(sign::VALUE, "");
            return Ok(());
        };
        if name == "node_ref" {
            self.write(sign::HOLE, "");
            self.calls.extend(quote!(#value.load(#builder.node());));
            return Ok(());
        }
        if name == "inner_html" {
            self.write(sign::HOLE, "");
            self.call(quote!(html(#value)));
            return Ok(());
        }
        if let Some(event) = name.strip_prefix("on:") {
            let kind = Ident::new(events::kind_of(event), Span::call_site());
            self.write(sign::HOLE, event);
            self.call(quote!(on::<::web_sys::#kind>(#value)));
            return Ok(());
        }
        let (place, name) = match name.split_once(':') {
            None => (sign::ATTRIBUTE, name),
            Some(("attr", name)) => (sign::ATTRIBUTE, name),
            Some(("class", name)) => (sign::CLASS, name),
            Some(("style", name)) => (sign::STYLE, name),
            // Of properties only this one is no attribute too, and a text.
            Some(("prop", name @ "value")) => (sign::PROPERTY, name),
            Some(_) => return Err(syn::Error::new_spanned(attribute, "not understood by this view!")),
        };
        self.write(place, name);
        if let Expr::Lit(literal) = value
            && let Lit::Str(text) = &literal.lit
        {
            self.write(sign::VALUE, &text.value());
        } else {
            self.call(quote!(set(#value)));
        }
        Ok(())
    }
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
        properties
            .extend(quote!(.children(::leptos::children::ToChildren::to_children(move || crate::dom::any(#children)))));
    }
    Ok(quote! {
        ::leptos::prelude::IntoAny::into_any(::leptos::component::component_view(
            &#name,
            ::leptos::component::component_props_builder(&#name) #properties .build(),
        ))
    })
}
