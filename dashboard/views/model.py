"""model"""

from dashboard import widgets

with widgets.problem_box():
    shop = widgets.need_shop()
