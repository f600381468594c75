//! What browsers hand to the handlers of an event.

/// The type of an event by its name, as `web_sys` calls it.
pub(crate) fn kind_of(event: &str) -> &'static str {
    match event {
        "click" | "dblclick" | "mousedown" | "mouseup" | "mousemove" | "mouseenter" | "mouseleave" | "mouseover"
        | "mouseout" | "contextmenu" | "auxclick" => "MouseEvent",
        "pointerdown" | "pointerup" | "pointermove" | "pointerenter" | "pointerleave" | "pointerover"
        | "pointerout" | "pointercancel" | "gotpointercapture" | "lostpointercapture" => "PointerEvent",
        "keydown" | "keyup" | "keypress" => "KeyboardEvent",
        "focus" | "blur" | "focusin" | "focusout" => "FocusEvent",
        "wheel" => "WheelEvent",
        "submit" => "SubmitEvent",
        "drag" | "dragstart" | "dragend" | "dragenter" | "dragleave" | "dragover" | "drop" => "DragEvent",
        "touchstart" | "touchend" | "touchmove" | "touchcancel" => "TouchEvent",
        _ => "Event",
    }
}
