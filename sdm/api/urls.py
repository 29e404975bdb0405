from django.urls import path

from sdm.api import views

urlpatterns = [
    path("employees/", views.Employees.as_view(), name="sdm-employees"),
    path("employees/<str:number>/", views.EmployeeDetail.as_view(), name="sdm-employee"),
    path("leavings/", views.Leavings.as_view(), name="sdm-leavings"),
]
