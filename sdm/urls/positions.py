from django.urls import URLPattern, URLResolver, path

from sdm.views import plan, positions, row_imports

urlpatterns: list[URLPattern | URLResolver] = [
    path("positions/", positions.positions, name="positions"),
    path("positions/new/", positions.position_new, name="position_new"),
    path("positions/<int:pk>/", positions.position, name="position"),
    path("positions/<int:pk>/change/", positions.position_change, name="position_change"),
    path("plan/", plan.plan, name="plan"),
    row_imports.PLAN.at("plan/import/"),
    path("plan/new/", plan.plan_new, name="plan_new"),
    path("plan/manual/<int:pk>/", plan.plan_take_over, name="plan_take_over"),
    path("plan/<int:pk>/", plan.plan_line, name="plan_line"),
]
