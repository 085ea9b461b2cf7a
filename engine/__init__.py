"""Shop data in -> audience -> campaign drafts -> forecasts with reasons -> decisions -> outcomes back in.

shop data in    `engine.shop`      tables, quality and features of one shop folder
audience        `engine.audience`  who the customers are
campaign        `engine.campaign`  drafts, forecasts, reasons
decision        `engine.decision`  approvals, assignment, export
outcome         `engine.outcome`   what really happened, against what was forecast

A room imports rooms above it, `engine.model` (statistics every room may use) and the single modules beside it,
never a room below it. Nothing here imports Streamlit or plotly.
"""
