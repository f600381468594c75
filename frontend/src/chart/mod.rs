//! Drawing of plots on the browser's canvas.
