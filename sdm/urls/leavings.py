from django.urls import path

from sdm.views import leavings

urlpatterns = [
    path("leavings/", leavings.leavings_list, name="leavings"),
    path("leavings/new/", leavings.leaving_new, name="leaving_new"),
    path("leavings/<int:pk>/", leavings.leaving, name="leaving"),
    path("leavings/<int:pk>/move/", leavings.leaving_move, name="leaving_move"),
    path("leavings/<int:pk>/<slug:transition>/", leavings.leaving_step, name="leaving_step"),
    path("clearance/<int:pk>/", leavings.clearance_item, name="clearance_item"),
]
